using System.CommandLine;
using PasswordSync.Hosting.Certificates;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Commands;

/// <summary><c>sign-edge</c>: signs the certificate request of an edge, for one source and one DC.</summary>
internal static class SignEdgeCommand
{
    private static readonly Option<string> Source = new("--source") { Description = "The source that the edge serves.", Required = true };
    private static readonly Option<string> DomainController = new("--dc") { Description = "The DNS host name of the edge's domain controller.", Required = true };

    public static Command Create()
    {
        var command = new Command("sign-edge", "Signs an edge's certificate request with the cluster's authority.") { NodeCommand.Config, Source, DomainController, Signing.Request, Signing.Output };
        command.SetAction((parsed, cancellationToken) => NodeCommand.RunAsync(() => RunAsync(parsed, cancellationToken)));
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var configuration = NodeConfiguration.Read(parsed.GetRequiredValue(NodeCommand.Config).FullName);
        var name = new PeerName.Edge(configuration.Node.Cluster, Signing.SourceOf(configuration, parsed.GetRequiredValue(Source)), parsed.GetRequiredValue(DomainController).ToLowerInvariant());
        return Signing.RunAsync(parsed, configuration, name, (authority, request, now) => authority.SignEdge(request, name, now), cancellationToken);
    }
}
