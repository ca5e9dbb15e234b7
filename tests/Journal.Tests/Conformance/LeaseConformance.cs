using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>Leases as one node sees them: all shards, and epochs that only grow (I4).</summary>
public abstract class LeaseConformance : StoreConformance
{
    [Fact]
    public async Task Single_node_gets_all_shards_and_keeps_them_under_the_same_epochs()
    {
        await using var subject = await OpenAsync();
        var node = new NodeId("node-1", Guid.NewGuid());
        var first = await subject.Store.Leases.KeepAsync(node, isLeaving: false, CancellationToken.None);
        var second = await subject.Store.Leases.KeepAsync(node, isLeaving: false, CancellationToken.None);

        first.Shards.Keys.ShouldBe(Enumerable.Range(0, subject.Store.Leases.ShardCount));
        first.ValidFor.ShouldBeGreaterThan(TimeSpan.Zero);
        second.Shards.ShouldBe(first.Shards);
    }

    [Fact]
    public async Task New_incarnation_takes_all_shards_with_higher_epochs_also_after_reopening()
    {
        await using var subject = await OpenAsync();
        var first = await subject.Store.Leases.KeepAsync(new NodeId("node-1", Guid.NewGuid()), isLeaving: false, CancellationToken.None);
        await subject.ReopenAsync(new StoreSettings());
        var second = await subject.Store.Leases.KeepAsync(new NodeId("node-1", Guid.NewGuid()), isLeaving: false, CancellationToken.None);
        second.Shards.Count.ShouldBe(first.Shards.Count);
        second.Shards.ShouldAllBe(entry => entry.Value > first.Shards[entry.Key]);
    }

    [Fact]
    public async Task Released_shards_are_taken_again_with_higher_epochs()
    {
        await using var subject = await OpenAsync();
        var node = new NodeId("node-1", Guid.NewGuid());
        var before = await subject.Store.Leases.KeepAsync(node, isLeaving: false, CancellationToken.None);
        await subject.Store.Leases.ReleaseAsync(node, CancellationToken.None);
        var after = await subject.Store.Leases.KeepAsync(node, isLeaving: false, CancellationToken.None);
        after.Shards.Count.ShouldBe(before.Shards.Count);
        after.Shards.ShouldAllBe(entry => entry.Value > before.Shards[entry.Key]);
    }
}
