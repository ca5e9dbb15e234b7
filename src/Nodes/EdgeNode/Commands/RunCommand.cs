using System.CommandLine;
using PasswordSync.Capture.Resolution;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting;
using PasswordSync.Hosting.Commands;
using PasswordSync.Hosting.Logging;

namespace PasswordSync.EdgeNode.Commands;

/// <summary><c>run</c>: the edge, until it is told to stop.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var command = new Command("run", "Runs the edge until SIGTERM or Ctrl-C.") { EdgeCommand.Config };
        command.SetAction(parsed => EdgeCommand.RunAsync(() => RunAsync(parsed.GetRequiredValue(EdgeCommand.Config))));
        return command;
    }

    private static async Task<int> RunAsync(FileInfo file)
    {
        var configuration = EdgeSettingsFile.Read(file.FullName);
        var log = configuration.Edge.Log;
        using var loggers = NodeLogging.Create(log with { Folder = log.Folder is { } folder ? configuration.PathOf(folder) : null });
        using var termination = new Termination();
        var client = await EdgeConnections.ToDirectoryAsync(configuration, TimeProvider.System, termination.Requested).ConfigureAwait(false);
        await using (client.ConfigureAwait(false))
        {
            var directory = new LdapSourceDirectory(client, TimeProvider.System);
            var policies = OperatingSystem.IsWindows() ? null : directory;
            var nodes = EdgeConnections.ToNodes(configuration, TimeProvider.System);
            var edge = await EdgeServer.StartAsync(configuration, directory, policies, nodes, TimeProvider.System, loggers, termination.Requested).ConfigureAwait(false);
            await using (edge.ConfigureAwait(false))
            {
                await (await Task.WhenAny(termination.WaitAsync(), edge.Completion).ConfigureAwait(false)).ConfigureAwait(false);
            }
        }

        return ExitCodes.Success;
    }
}
