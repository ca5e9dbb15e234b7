using System.CommandLine;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Commands;

namespace PasswordSync.EdgeNode.Commands;

/// <summary><c>request</c>: makes the edge's key and a certificate request, for a node's <c>sign-edge</c>.</summary>
internal static class RequestCommand
{
    private static readonly Option<FileInfo> Output = new("--out") { Description = "Where the certificate request goes, PEM.", Required = true };

    public static Command Create()
    {
        var command = new Command("request", "Makes the edge's key, if there is none yet, and a certificate request for it.") { EdgeCommand.Config, Output };
        command.SetAction((parsed, cancellationToken) => EdgeCommand.RunAsync(() => RunAsync(parsed, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var configuration = EdgeSettingsFile.Read(parsed.GetRequiredValue(EdgeCommand.Config).FullName);
        var keyFile = configuration.PathOf(configuration.Edge.Key);
        var request = await EdgeKey.RequestAsync(configuration, cancellationToken).ConfigureAwait(false);
        var output = parsed.GetRequiredValue(Output).FullName;
        await File.WriteAllTextAsync(output, request + "\n", cancellationToken).ConfigureAwait(false);
        Console.WriteLine($"Key: {keyFile}. Let a node sign {output} (sign-edge --source {configuration.Edge.Source} --dc {configuration.Edge.DomainController}) and put the answer at {configuration.PathOf(configuration.Edge.Certificate)}.");
        return ExitCodes.Success;
    }
}
