using System.CommandLine;
using PasswordSync.Core.Identities;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Commands;
using PasswordSync.Hosting.Settings;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Commands;

/// <summary><c>sign-node</c>: signs the certificate request of a node that is to join the cluster.</summary>
internal static class SignNodeCommand
{
    private static readonly Option<string> Name = new("--name") { Description = "The name of the node, as in its node.json.", Required = true };
    private static readonly Option<string[]> Hosts = new("--host") { Description = "A name or address that others reach it by; may be given several times.", Required = true };
    private static readonly Option<FileInfo> Request = new("--request") { Description = "The node's certificate request, PEM.", Required = true };
    private static readonly Option<FileInfo> Output = new("--out") { Description = "Where the certificate goes, PEM.", Required = true };

    public static Command Create()
    {
        var command = new Command("sign-node", "Signs the certificate request of a node that is to join the cluster: it may read every password that the cluster carries.") { NodeCommand.Config, Name, Hosts, Request, Output };
        command.SetAction((parsed, cancellationToken) => NodeCommand.RunAsync(() => RunAsync(parsed, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var configuration = NodeConfiguration.Read(parsed.GetRequiredValue(NodeCommand.Config).FullName);
        var name = parsed.GetRequiredValue(Name);
        if (!SourceId.IsValid(name)) throw Fault("--name", name, "use 1 to 63 lower-case letters, digits, dots or hyphens.");
        if (name == configuration.Node.Name) throw Fault("--name", name, "this node has that name: each node has its own.");
        if (!ClusterAuthority.IsIn(configuration.DataFolder)) throw Fault("data", configuration.DataFolder, "the authority's key (ca.key) is not here: sign at the node that has it.");
        var request = await File.ReadAllTextAsync(parsed.GetRequiredValue(Request).FullName, cancellationToken).ConfigureAwait(false);
        using var passphrase = await NodeParts.ReadPassphraseAsync(configuration, cancellationToken).ConfigureAwait(false);
        using var authority = await passphrase.WithUtf8Async(bytes => ClusterAuthority.OpenOrCreateAsync(configuration.DataFolder, configuration.Node.Cluster, bytes, TimeProvider.System.GetUtcNow(), cancellationToken)).ConfigureAwait(false);
        using var certificate = authority.SignNode(request, new PeerName.Node(configuration.Node.Cluster, name), parsed.GetRequiredValue(Hosts), TimeProvider.System.GetUtcNow());
        var output = parsed.GetRequiredValue(Output).FullName;
        await File.WriteAllTextAsync(output, certificate.ExportCertificatePem() + "\n", cancellationToken).ConfigureAwait(false);
        Console.WriteLine($"Signed node {name} of {configuration.Node.Cluster} until {certificate.NotAfter.ToUniversalTime():u}: {output}");
        return ExitCodes.Success;

        SettingsException Fault(string key, string found, string remedy) => new(configuration.File, [new Hosting.Settings.SettingFault(key, found, remedy)]);
    }
}
