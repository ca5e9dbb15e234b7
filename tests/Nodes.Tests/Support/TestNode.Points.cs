using System.Collections.Immutable;
using System.Text.Json;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Providers;

namespace PasswordSync.Nodes.Tests.Support;

internal sealed partial class TestNode
{
    /// <summary>Starts a node on SQLite with sync points of kinds that are part of the product, all in the scope "staff"; it tries again soon.</summary>
    /// <param name="points">The kinds of the points and the settings of their providers, by the points' names.</param>
    /// <param name="attemptTimeout">How long an attempt may take.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <param name="attemptsMax">How many attempts may fail before a delivery is parked.</param>
    public static async Task<TestNode> StartWithPointsAsync(
        ImmutableSortedDictionary<string, (string Provider, object Settings)> points, string attemptTimeout, CancellationToken cancellationToken, int attemptsMax = 1_000)
    {
        var node = new TestNode(Directory.CreateTempSubdirectory("passwordsync-node-").FullName, TimeProvider.System);
        var retry = new { initialDelay = "50ms", delayMax = "200ms", attemptsMax };
        await WriteConfigurationAsync(node.Folder, [.. points.Keys], new { kind = "sqlite" }, retry, cancellationToken);
        var file = new { points = points.Select(point => new { name = point.Key, provider = point.Value.Provider, settings = point.Value.Settings, attemptTimeout, retry }) };
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "points.json"), JsonSerializer.Serialize(file), cancellationToken);
        await TestAuthority.PutAsync(Path.Combine(node.Folder, "data"), cancellationToken);
        await node.StartServerAsync(ProviderRegistry.BuiltIn, cancellationToken);
        node.Edge = await node.ConnectAsync(new PeerName.Edge(Cluster, Source, DomainController), cancellationToken);
        return node;
    }
}
