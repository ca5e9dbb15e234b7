using System.Collections.Immutable;
using System.Text.Json;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Providers;

namespace PasswordSync.Nodes.Tests.Support;

internal sealed partial class TestNode
{
    /// <summary>Starts a node on SQLite with sync points of one kind that is part of the product, all in the scope "staff"; it tries again soon.</summary>
    /// <param name="provider">The kind.</param>
    /// <param name="settings">The provider's settings, by the points' names.</param>
    /// <param name="attemptTimeout">How long an attempt may take.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    public static async Task<TestNode> StartWithPointsAsync(string provider, ImmutableSortedDictionary<string, object> settings, string attemptTimeout, CancellationToken cancellationToken)
    {
        var node = new TestNode(Directory.CreateTempSubdirectory("passwordsync-node-").FullName, TimeProvider.System);
        var retry = new { initialDelay = "50ms", delayMax = "200ms" };
        await WriteConfigurationAsync(node.Folder, [.. settings.Keys], new { kind = "sqlite" }, retry, cancellationToken);
        var points = new { points = settings.Select(point => new { name = point.Key, provider, settings = point.Value, attemptTimeout, retry }) };
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "points.json"), JsonSerializer.Serialize(points), cancellationToken);
        await TestAuthority.PutAsync(Path.Combine(node.Folder, "data"), cancellationToken);
        await node.StartServerAsync(ProviderRegistry.BuiltIn, cancellationToken);
        node.Edge = await node.ConnectAsync(new PeerName.Edge(Cluster, Source, DomainController), cancellationToken);
        return node;
    }
}
