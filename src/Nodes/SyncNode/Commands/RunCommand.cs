using System.CommandLine;
using PasswordSync.Hosting;
using PasswordSync.Hosting.Commands;
using PasswordSync.Hosting.Logging;
using PasswordSync.Hosting.Windows;
using PasswordSync.SyncNode.Settings;
using PasswordSync.SyncNode.Windows;

namespace PasswordSync.SyncNode.Commands;

/// <summary><c>run</c>: the sync server, until it is told to stop.</summary>
internal static class RunCommand
{
    /// <summary>On Windows: the service's name, and its source in the event log.</summary>
    private const string ServiceName = "PasswordSyncNode";

    public static Command Create()
    {
        var command = new Command("run", "Runs the sync server until SIGTERM, Ctrl-C or the service manager ends it.") { NodeCommand.Config, ServiceRun.AsService };
        command.SetAction(parsed =>
        {
            var file = parsed.GetRequiredValue(NodeCommand.Config);
            return ServiceRun.RunAsync(parsed.GetValue(ServiceRun.AsService), ServiceName, NodeCommand.RunAsync, (termination, eventSource) => RunAsync(file, termination, eventSource));
        });
        return command;
    }

    private static async Task<int> RunAsync(FileInfo file, Termination termination, string? eventSource)
    {
        var configuration = NodeConfiguration.Read(file.FullName);
        var log = configuration.Node.Log;
        using var loggers = NodeLogging.Create(log with { Folder = log.Folder is { } folder ? configuration.PathOf(folder) : null });
        if (OperatingSystem.IsWindows() && eventSource is not null) WindowsEvents.AddTo(loggers, eventSource);
        var server = await SyncServer.StartAsync(configuration, InstalledProviders.Registry, (_, _) => { }, new MachineClock(), loggers, termination.Requested).ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            await (await Task.WhenAny(termination.WaitAsync(), server.Completion, server.LeaveRequested).ConfigureAwait(false)).ConfigureAwait(false);

            // Whoever keeps services running starts one again that ended without being told to, and lets one be that was.
            return termination.Requested.IsCancellationRequested || server.LeaveRequested.IsCompleted ? ExitCodes.Success : ExitCodes.Broken;
        }
    }
}
