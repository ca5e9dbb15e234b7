using System.CommandLine;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Resolution;
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
    private const string ServiceName = "PasswordSyncEdge";

    private static readonly Option<bool> AsService = new("--service") { Description = $"Runs as the Windows service {ServiceName}, started by the service manager." };

    public static Command Create()
    {
        var command = new Command("run", "Runs the edge until SIGTERM, Ctrl-C or the service manager ends it.") { EdgeCommand.Config, AsService };
        command.SetAction(parsed => RunAsync(parsed.GetRequiredValue(EdgeCommand.Config), parsed.GetValue(AsService)));
        return command;
    }

    private static Task<int> RunAsync(FileInfo file, bool asService)
    {
        if (asService && OperatingSystem.IsWindows()) return Task.FromResult(RunAsService(file));
        return EdgeCommand.RunAsync(async () =>
        {
            if (asService) throw new IOException("--service is for Windows: elsewhere the service manager runs the edge as it is.");
            using var termination = new Termination();
            return await RunAsync(file, termination, eventSource: null).ConfigureAwait(false);
        });
    }

    [SupportedOSPlatform("windows")]
    private static int RunAsService(FileInfo file) => WindowsService.Run(ServiceName, termination =>
        EdgeCommand.RunAsync(() => WindowsEvents.ReportFailureOfAsync(ServiceName, () => RunAsync(file, termination, ServiceName))));

    private static async Task<int> RunAsync(FileInfo file, Termination termination, string? eventSource)
    {
        var configuration = EdgeSettingsFile.Read(file.FullName);
        var log = configuration.Edge.Log;
        using var loggers = NodeLogging.Create(log with { Folder = log.Folder is { } folder ? configuration.PathOf(folder) : null });
        if (OperatingSystem.IsWindows() && eventSource is not null) WindowsEvents.AddTo(loggers, eventSource);
        var client = await EdgeConnections.ToDirectoryAsync(configuration, TimeProvider.System, termination.Requested).ConfigureAwait(false);
        await using (client.ConfigureAwait(false))
        {
            var directory = new LdapSourceDirectory(client, TimeProvider.System);
            var nodes = EdgeConnections.ToNodes(configuration, TimeProvider.System);
            var edge = await StartAsync(configuration, directory, nodes, loggers, termination.Requested).ConfigureAwait(false);
            await using (edge.ConfigureAwait(false))
            {
                await (await Task.WhenAny(termination.WaitAsync(), edge.Completion).ConfigureAwait(false)).ConfigureAwait(false);
            }
        }

        return ExitCodes.Success;
    }

    private static Task<EdgeServer> StartAsync(EdgeSettingsFile configuration, LdapSourceDirectory directory, HttpClient nodes, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        IPasswordPolicies? policies = OperatingSystem.IsWindows() ? null : directory;
        var filter = OperatingSystem.IsWindows() ? new FilterWatch(new WindowsFilterInspector(TimeProvider.System), directory) : null;
        return EdgeServer.StartAsync(configuration, directory, policies, filter, nodes, TimeProvider.System, loggers, cancellationToken);
    }
}
