using System.CommandLine;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.StampProof;
using PasswordSync.EdgeNode.Enrolment;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.EdgeNode.Windows;
using PasswordSync.Hosting;
using PasswordSync.Hosting.Commands;
using PasswordSync.Hosting.Logging;
using PasswordSync.Hosting.Windows;

namespace PasswordSync.EdgeNode.Commands;

/// <summary><c>run</c>: the edge, until it is told to stop.</summary>
internal static class RunCommand
{
    /// <summary>On Windows: the service's name, and its source in the event log.</summary>
    private const string ServiceName = "PasswordSyncEdge";

    public static Command Create()
    {
        var command = new Command("run", "Runs the edge until SIGTERM, Ctrl-C or the service manager ends it.") { EdgeCommand.Config, ServiceRun.AsService };
        command.SetAction(parsed =>
        {
            var file = parsed.GetRequiredValue(EdgeCommand.Config);
            return ServiceRun.RunAsync(parsed.GetValue(ServiceRun.AsService), ServiceName, EdgeCommand.RunAsync, (termination, eventSource) => RunAsync(file, termination, eventSource));
        });
        return command;
    }

    private static async Task<int> RunAsync(FileInfo file, Termination termination, string? eventSource)
    {
        if (OperatingSystem.IsWindows() && eventSource is not null) await InstalledSettings.WriteIfMissingAsync(file.FullName, termination.Requested).ConfigureAwait(false);
        var configuration = EdgeSettingsFile.Read(file.FullName);
        var log = configuration.Edge.Log;
        using var loggers = NodeLogging.Create(log with { Folder = log.Folder is { } folder ? configuration.PathOf(folder) : null });
        if (OperatingSystem.IsWindows() && eventSource is not null) WindowsEvents.AddTo(loggers, eventSource);
        await new EdgeEnrolment(configuration, TimeProvider.System, loggers.CreateLogger<EdgeEnrolment>()).EnsureAsync(termination.Requested).ConfigureAwait(false);
        var client = await EdgeConnections.ToDirectoryAsync(configuration, TimeProvider.System, termination.Requested).ConfigureAwait(false);
        await using (client.ConfigureAwait(false))
        {
            var directory = new LdapSourceDirectory(client, TimeProvider.System);
            var certificates = EdgeCertificates.Open(configuration, TimeProvider.System.GetUtcNow());
            var edge = await StartAsync(configuration, directory, certificates, loggers, termination.Requested).ConfigureAwait(false);
            await using (edge.ConfigureAwait(false))
            {
                await (await Task.WhenAny(termination.WaitAsync(), edge.Completion).ConfigureAwait(false)).ConfigureAwait(false);
            }
        }

        return ExitCodes.Success;
    }

    private static Task<EdgeServer> StartAsync(EdgeSettingsFile configuration, LdapSourceDirectory directory, EdgeCertificates certificates, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        IPasswordPolicies? policies = OperatingSystem.IsWindows() ? null : directory;
        var filter = OperatingSystem.IsWindows() ? new FilterWatch(new WindowsFilterInspector(), directory) : null;
        var hook = OperatingSystem.IsWindows() ? HookKind.AfterCommit : HookKind.BeforeCommit;
        return EdgeServer.StartAsync(configuration, directory, policies, filter, hook, certificates, TimeProvider.System, loggers, cancellationToken);
    }
}
