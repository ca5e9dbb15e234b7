using System.CommandLine;
using PasswordSync.Core.Identities;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Commands;
using PasswordSync.Hosting.Settings;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Commands;

/// <summary><c>sign-edge</c>: signs the certificate request of an edge, for one source and one DC.</summary>
internal static class SignEdgeCommand
{
    private static readonly Option<string> Source = new("--source") { Description = "The source that the edge serves.", Required = true };
    private static readonly Option<string> DomainController = new("--dc") { Description = "The DNS host name of the edge's domain controller.", Required = true };
    private static readonly Option<FileInfo> Request = new("--request") { Description = "The edge's certificate request, PEM.", Required = true };
    private static readonly Option<FileInfo> Output = new("--out") { Description = "Where the certificate goes, PEM.", Required = true };

    public static Command Create()
    {
        var command = new Command("sign-edge", "Signs an edge's certificate request with the cluster's authority.") { NodeCommand.Config, Source, DomainController, Request, Output };
        command.SetAction((parsed, cancellationToken) => NodeCommand.RunAsync(() => RunAsync(parsed, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var configuration = NodeConfiguration.Read(parsed.GetRequiredValue(NodeCommand.Config).FullName);
        var source = parsed.GetRequiredValue(Source);
        if (!configuration.Node.Sources.ContainsKey(source))
        {
            throw new SettingsException(configuration.File, [new Hosting.Settings.SettingFault("--source", source, $"use one of the node's sources: {string.Join(", ", configuration.Node.Sources.Keys)}.")]);
        }

        var name = new PeerName.Edge(configuration.Node.Cluster, new SourceId(source), parsed.GetRequiredValue(DomainController).ToLowerInvariant());
        var request = await File.ReadAllTextAsync(parsed.GetRequiredValue(Request).FullName, cancellationToken).ConfigureAwait(false);
        using var passphrase = await NodeParts.ReadPassphraseAsync(configuration, cancellationToken).ConfigureAwait(false);
        using var authority = await passphrase.WithUtf8Async(bytes => ClusterAuthority.OpenOrCreateAsync(configuration.DataFolder, configuration.Node.Cluster, bytes, TimeProvider.System.GetUtcNow(), cancellationToken)).ConfigureAwait(false);
        using var certificate = authority.SignEdge(request, name, TimeProvider.System.GetUtcNow());
        var output = parsed.GetRequiredValue(Output).FullName;
        await File.WriteAllTextAsync(output, certificate.ExportCertificatePem() + "\n", cancellationToken).ConfigureAwait(false);
        Console.WriteLine($"Signed {name.ToUri()} until {certificate.NotAfter.ToUniversalTime():u}: {output}");
        return ExitCodes.Success;
    }
}
