using System.CommandLine;
using PasswordSync.Core.Identities;
using PasswordSync.Hosting.Certificates;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Commands;

/// <summary><c>sign-node</c>: signs the certificate request of a node that is to join the cluster.</summary>
internal static class SignNodeCommand
{
    private static readonly Option<string> Name = new("--name") { Description = "The name of the node, as in its node.json.", Required = true };
    private static readonly Option<string[]> Hosts = new("--host") { Description = "A name or address that others reach it by; may be given several times.", Required = true };

    public static Command Create()
    {
        var command = new Command("sign-node", "Signs the certificate request of a node that is to join the cluster: it may read every password that the cluster carries.") { NodeCommand.Config, Name, Hosts, Signing.Request, Signing.Output };
        command.SetAction((parsed, cancellationToken) => NodeCommand.RunAsync(() => RunAsync(parsed, cancellationToken)));
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var configuration = NodeConfiguration.Read(parsed.GetRequiredValue(NodeCommand.Config).FullName);
        var name = parsed.GetRequiredValue(Name);
        if (!SourceId.IsValid(name)) throw Signing.Fault(configuration, "--name", name, "use 1 to 63 lower-case letters, digits, dots or hyphens.");
        if (name == configuration.Node.Name) throw Signing.Fault(configuration, "--name", name, "this node has that name: each node has its own.");
        var peer = new PeerName.Node(configuration.Node.Cluster, name);
        return Signing.RunAsync(parsed, configuration, peer, (authority, request, now) => authority.SignNode(request, peer, parsed.GetRequiredValue(Hosts), now), cancellationToken);
    }
}
