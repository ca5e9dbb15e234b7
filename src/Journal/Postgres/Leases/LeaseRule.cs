using System.Collections.Immutable;
using PasswordSync.Core.Ports;

namespace PasswordSync.Journal.Postgres.Leases;

/// <summary>
/// What a node concludes from its looks at nodes and shards: who lives, who is gone, what it takes and gives back, and how long its own lease holds. It asks no database and no wall
/// clock; one object for each process.
/// </summary>
/// <param name="expiry">How long a heartbeat counts.</param>
/// <param name="time">The process's own monotonic clock.</param>
internal sealed class LeaseRule(TimeSpan expiry, TimeProvider time)
{
    private readonly HeartbeatWatch watch = new(expiry, time);

    /// <summary>Notes what was seen at one look, and says what to do about shards.</summary>
    public ShardPlan Look(Guid me, bool isLeaving, SeenCluster seen)
    {
        watch.Look([.. from other in seen.Nodes where other.Incarnation != me && !other.HasLeft select (other.Incarnation, other.Heartbeat)]);
        return isLeaving ? ShardPlan.OfLeaving(me, seen.Shards) : ShardPlan.Of(me, Living(me, seen), owner => IsGone(owner, me, seen), seen.Shards);
    }

    /// <summary>The nodes whose heartbeats stood still for so long that their shards may be taken, as long as they still do.</summary>
    public List<SeenNode> StoodStill(SeenCluster seen) => [.. seen.Nodes.Where(other => watch.StoodStill(other.Incarnation))];

    /// <summary>What the node owns after a look, and for how long.</summary>
    /// <param name="me">The node.</param>
    /// <param name="seen">What was seen.</param>
    /// <param name="plan">What followed.</param>
    /// <param name="taken">What was taken, with the new epochs.</param>
    /// <param name="lastBeat">When the last heartbeat was sent.</param>
    /// <param name="askedAt">When this look began.</param>
    public LeaseView View(Guid me, SeenCluster seen, ShardPlan plan, IEnumerable<(int Shard, long Epoch)> taken, long lastBeat, long askedAt)
    {
        var owned = seen.Shards.Where(shard => shard.Owner == me).Select(shard => KeyValuePair.Create(shard.Shard, shard.Epoch))
            .Concat(taken.Select(shard => KeyValuePair.Create(shard.Shard, shard.Epoch))).ToImmutableSortedDictionary();

        // Others can have seen the last heartbeat no earlier than it was sent; the rest is left for what clocks differ in.
        return new LeaseView(owned, (expiry * 7 / 8) - time.GetElapsedTime(lastBeat, askedAt)) { Surplus = plan.GiveUp };
    }

    private List<Guid> Living(Guid me, SeenCluster seen) =>
        [.. from other in seen.Nodes where other.Incarnation == me || (!other.HasLeft && !other.IsLeaving && other.Age < expiry && !watch.StoodStill(other.Incarnation)) select other.Incarnation];

    // An owner that has no row was followed by another process of its name, or forgotten.
    private bool IsGone(Guid owner, Guid me, SeenCluster seen) =>
        owner != me && (seen.Nodes.FirstOrDefault(other => other.Incarnation == owner) is not { } known || known.HasLeft || watch.StoodStill(owner));
}
