using System.CommandLine;
using PasswordSync.Hosting;
using PasswordSync.Hosting.Commands;
using PasswordSync.Hosting.Logging;
using PasswordSync.Providers;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Commands;

/// <summary><c>run</c>: the sync server, until it is told to stop.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var command = new Command("run", "Runs the sync server until SIGTERM or Ctrl-C.") { NodeCommand.Config };
        command.SetAction(parsed => NodeCommand.RunAsync(() => RunAsync(parsed.GetRequiredValue(NodeCommand.Config))));
        return command;
    }

    private static async Task<int> RunAsync(FileInfo file)
    {
        var configuration = NodeConfiguration.Read(file.FullName);
        var log = configuration.Node.Log;
        using var loggers = NodeLogging.Create(log with { Folder = log.Folder is { } folder ? configuration.PathOf(folder) : null });
        using var termination = new Termination();
        var server = await SyncServer.StartAsync(configuration, ProviderRegistry.BuiltIn, (_, _) => { }, TimeProvider.System, loggers, termination.Requested).ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            await (await Task.WhenAny(termination.WaitAsync(), server.Completion).ConfigureAwait(false)).ConfigureAwait(false);
        }

        return ExitCodes.Success;
    }
}
