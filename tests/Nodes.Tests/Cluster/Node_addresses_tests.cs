using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Lab;
using PasswordSync.SyncNode.Cluster;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Cluster;

/// <summary>In which order edges are told of the nodes: each in one of its own, so that they spread.</summary>
public sealed class Node_addresses_tests : IClusterMembers, IAsyncDisposable
{
    private const int Edges = 3_000;

    /// <summary>Names of a seed that is fixed: a failure can be seen again.</summary>
    private const int Seed = 20_261_123;

    private readonly ManualClock clock = new(new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly CancellationTokenSource ending = new();
    private readonly NodeAddresses addresses;
    private readonly List<PeerName.Edge> edges;
    private ImmutableArray<ClusterMember> members = [Member("north"), Member("south"), Member("west")];
    private Task running = Task.CompletedTask;

    public Node_addresses_tests()
    {
        addresses = new NodeAddresses(new ClusterPeers(this, "north", clock), [new Uri("https://north.example.test:9443")], clock, NullLogger<NodeAddresses>.Instance);
        var random = new Random(Seed);
        edges = [.. Enumerable.Range(0, Edges).Select(_ => new PeerName.Edge("test", new SourceId("alpha"), string.Create(CultureInfo.InvariantCulture, $"dc{random.Next():x8}.alpha.test")))];
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await running;
        ending.Dispose();
    }

    [Fact]
    public async Task Edges_spread_evenly_over_the_nodes_and_over_those_that_come_next()
    {
        await KnowAsync(3);

        foreach (var place in Enumerable.Range(0, 3))
        {
            var counts = edges.CountBy(edge => addresses.For(edge)[place].Host).ToDictionary();
            counts.Keys.Order(StringComparer.Ordinal).ShouldBe(["north.example.test", "south.example.test", "west.example.test"]);
            counts.Values.ShouldAllBe(count => count >= 0.25 * Edges && count <= 0.42 * Edges);
        }
    }

    [Fact]
    public async Task A_node_that_comes_gets_its_share_and_leaves_each_edge_the_order_of_the_others()
    {
        await KnowAsync(3);
        var before = edges.ToDictionary(edge => edge, addresses.For);
        edges.ShouldAllBe(edge => addresses.For(edge).SequenceEqual(before[edge]));

        members = members.Add(Member("east"));
        await KnowAsync(4);

        edges.ShouldAllBe(edge => addresses.For(edge).Where(address => address.Host != "east.example.test").SequenceEqual(before[edge]));
        ((double)edges.Count(edge => addresses.For(edge)[0].Host == "east.example.test") / Edges).ShouldBeInRange(0.17, 0.33);
    }

    void IClusterMembers.Describe(NodeDescription description) => throw new NotSupportedException();

    ValueTask<ImmutableArray<ClusterMember>> IClusterMembers.ListAsync(CancellationToken cancellationToken) => ValueTask.FromResult(members);

    ValueTask<int> IClusterMembers.DownAsync(NodeId node, CancellationToken cancellationToken) => throw new NotSupportedException();

    // It looks every two seconds of the clock.
    private async Task KnowAsync(int nodes)
    {
        if (running.IsCompleted) running = addresses.RunAsync(ending.Token);
        await Eventually.HoldsAsync("the nodes to be known", TimeSpan.FromMinutes(2), _ =>
        {
            if (addresses.For(edges[0]).Length == nodes) return Task.FromResult(true);
            clock.Advance(TimeSpan.FromSeconds(2));
            return Task.FromResult(false);
        }, Token);
    }

    private static ClusterMember Member(string name) =>
        new(new NodeId(name, Guid.NewGuid()), new NodeDescription([$"https://{name}.example.test:9443"], [], "1"), DateTimeOffset.UnixEpoch, TimeSpan.Zero, IsAlive: true, Shards: 0);
}
