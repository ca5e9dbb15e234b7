using System.Collections.Immutable;

namespace PasswordSync.Journal.Postgres.Leases;

/// <summary>A shard as it was seen.</summary>
/// <param name="Shard">Its number.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Owner">The incarnation that owns it; null for nobody.</param>
internal readonly record struct SeenShard(int Shard, long Epoch, Guid? Owner);

/// <summary>What a node should do about shards.</summary>
/// <param name="Take">Shards nobody works for, to be taken now.</param>
/// <param name="GiveUp">Own shards beyond the node's share.</param>
internal sealed record ShardPlan(ImmutableArray<SeenShard> Take, ImmutableArray<int> GiveUp)
{
    /// <summary>What a node does that is about to leave: it takes nothing and gives all back.</summary>
    public static ShardPlan OfLeaving(Guid me, IReadOnlyList<SeenShard> shards) => new([], [.. shards.Where(shard => shard.Owner == me).Select(shard => shard.Shard)]);

    /// <summary>
    /// Equal shares with as few moves as can be: every living node gets the same number, and where that leaves a rest, the nodes that have most keep one more. All nodes
    /// that see the same come to the same shares.
    /// </summary>
    /// <param name="me">This node.</param>
    /// <param name="living">The nodes that live, this one among them, in an order that is the same for all.</param>
    /// <param name="gone">Whether an owner is known to be gone, so that its shards may be taken.</param>
    /// <param name="shards">All shards, by number.</param>
    public static ShardPlan Of(Guid me, IReadOnlyList<Guid> living, Func<Guid, bool> gone, IReadOnlyList<SeenShard> shards)
    {
        var owned = living.ToDictionary(node => node, _ => 0);
        foreach (var shard in shards)
        {
            if (shard.Owner is { } owner && owned.TryGetValue(owner, out var count)) owned[owner] = count + 1;
        }

        // A stable sort: nodes that have as many stay in the given order.
        var rank = living.OrderByDescending(node => owned[node]).ToList().IndexOf(me);
        var share = (shards.Count / living.Count) + (rank < shards.Count % living.Count ? 1 : 0);
        var mine = shards.Where(shard => shard.Owner == me).ToList();
        if (mine.Count >= share) return new ShardPlan([], [.. mine.Skip(share).Select(shard => shard.Shard)]);

        // Each begins at another place, so that nodes that take at the same time seldom reach for the same.
        var free = shards.Where(shard => shard.Owner is not { } owner || gone(owner)).ToList();
        var start = free.Count * rank / living.Count;
        return new ShardPlan([.. free.Skip(start).Concat(free.Take(start)).Take(share - mine.Count)], []);
    }
}
