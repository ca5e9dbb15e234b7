using System.Collections.Immutable;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Cluster;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Cluster;

/// <summary>Which other nodes a node knows to live: not asked for again within a second, but for one that is looked for and was not there.</summary>
public sealed class Cluster_peers_tests : IClusterMembers
{
    private readonly ManualClock clock = new(new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly ClusterPeers peers;
    private ImmutableArray<ClusterMember> members = [Member("north")];
    private int looks;

    public Cluster_peers_tests() => peers = new ClusterPeers(this, "north", clock);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_that_has_just_joined_is_found_by_its_name_and_by_its_labels_as_soon_as_somebody_looks_for_it()
    {
        (await peers.OthersAsync(Token)).ShouldBeEmpty();
        members = members.Add(Member("south", "site=berlin"));
        (await peers.OthersAsync(Token)).ShouldBeEmpty("they were asked for a moment ago");

        (await FindAsync("south")).ShouldBe(["south"]);
        members = members.Add(Member("west", "site=oslo"));
        (await peers.FindAsync(peer => peer.Labels.Contains("site=oslo"), Token)).Select(peer => peer.Name).ShouldBe(["west"]);

        (await peers.OthersAsync(Token)).Select(peer => peer.Name).ShouldBe(["south", "west"]);
        (await FindAsync("west")).ShouldBe(["west"]);
        looks.ShouldBe(3, "who is known is not asked for");
    }

    [Fact]
    public async Task Nobody_finds_the_node_itself_or_one_that_does_not_live_and_the_list_is_read_again_after_a_second()
    {
        members = members.Add(Member("south") with { IsAlive = false });
        (await FindAsync("south")).ShouldBeEmpty();
        (await FindAsync("north")).ShouldBeEmpty();

        members = [Member("north"), Member("south")];
        (await peers.OthersAsync(Token)).ShouldBeEmpty();
        clock.Advance(TimeSpan.FromSeconds(1));
        (await peers.OthersAsync(Token)).Select(peer => peer.Name).ShouldBe(["south"]);
    }

    void IClusterMembers.Describe(NodeDescription description) => throw new NotSupportedException();

    ValueTask<ImmutableArray<ClusterMember>> IClusterMembers.ListAsync(CancellationToken cancellationToken)
    {
        looks++;
        return ValueTask.FromResult(members);
    }

    ValueTask<int> IClusterMembers.DownAsync(NodeId node, CancellationToken cancellationToken) => throw new NotSupportedException();

    private async Task<IEnumerable<string>> FindAsync(string name) => (await peers.FindAsync(peer => peer.Name == name, Token)).Select(peer => peer.Name);

    private static ClusterMember Member(string name, params string[] labels) =>
        new(new NodeId(name, Guid.NewGuid()), new NodeDescription([$"https://{name}.example.test:9443"], [.. labels], "1"), DateTimeOffset.UnixEpoch, TimeSpan.Zero, IsAlive: true, Shards: 0);
}
