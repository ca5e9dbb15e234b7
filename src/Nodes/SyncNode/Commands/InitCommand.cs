using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Hosting.Commands;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Transformations;
using PasswordSync.SyncNode.Settings;
using PasswordSync.SyncNode.Windows;

namespace PasswordSync.SyncNode.Commands;

/// <summary><c>init</c>: checks the configuration and makes what a first start would make, so that edges can be signed before it.</summary>
internal static class InitCommand
{
    public static Command Create()
    {
        var command = new Command("init", "Checks the configuration and makes the data folder: authority, key ring, database.") { NodeCommand.Config };
        command.SetAction((parsed, cancellationToken) => NodeCommand.RunAsync(() => RunAsync(parsed.GetRequiredValue(NodeCommand.Config), cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(FileInfo file, CancellationToken cancellationToken)
    {
        var configuration = NodeConfiguration.Read(file.FullName);
        var parts = await NodeParts.OpenAsync(configuration, InstalledProviders.Registry, TimeProvider.System, NullLoggerFactory.Instance, cancellationToken).ConfigureAwait(false);
        await using (parts.ConfigureAwait(false))
        {
            foreach (var point in configuration.Points)
            {
                if (TransformationPipeline.Read(new SettingsReader(NodeConfiguration.Flatten(point.Settings))) is { } transformations)
                {
                    Console.WriteLine($"Warning: {point.Name} changes passwords before it sets them ({transformations}), which weakens them.");
                }
            }

            Console.WriteLine($"The data folder {configuration.DataFolder} is ready. Edges trust {Path.Combine(configuration.DataFolder, "ca.pem")}.");
        }

        return ExitCodes.Success;
    }
}
