using System.Collections.Immutable;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Ports;

/// <summary>Which node runs which shards. The owner row and its epoch are the truth; clocks only decide how soon a dead node's shards are taken.</summary>
public interface IShardLeases
{
    /// <summary>The number of shards of this cluster, fixed when its database was made.</summary>
    int ShardCount { get; }

    /// <summary>Tells that the node lives, and takes shards that are free, released or whose owner is dead, up to this node's share.</summary>
    /// <param name="node">The node.</param>
    /// <param name="isLeaving">Whether it is about to leave: it takes nothing, all it owns is surplus, and the others share as if it were gone; what it still owns is nobody else's.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The shards that the node owns now, with their epochs, and until when it may act on them by the clock that <paramref name="node"/> measures with.</returns>
    ValueTask<LeaseView> KeepAsync(NodeId node, bool isLeaving, CancellationToken cancellationToken);

    /// <summary>Gives some shards back, so that a node with fewer of them can take them. What the node does not own is passed over.</summary>
    ValueTask ReleaseAsync(NodeId node, IReadOnlyCollection<int> shards, CancellationToken cancellationToken);

    /// <summary>Gives all the node's shards back, for a graceful leave; other nodes no longer count it as living.</summary>
    ValueTask ReleaseAsync(NodeId node, CancellationToken cancellationToken);

    /// <summary>Ends soon after any node gave shards back, or after <paramref name="atMost"/>; may end early for no reason.</summary>
    Task WaitForReleasesAsync(TimeSpan atMost, CancellationToken cancellationToken);
}

/// <summary>A running node: a name people know and a number that differs each time it starts.</summary>
public readonly record struct NodeId(string Name, Guid Incarnation)
{
    public override string ToString() => Name;
}

/// <summary>What a node owns.</summary>
/// <param name="Shards">Shard to epoch.</param>
/// <param name="ValidFor">How long from the start of the call the node may act on it.</param>
public sealed record LeaseView(ImmutableSortedDictionary<int, long> Shards, TimeSpan ValidFor)
{
    /// <summary>Those of <see cref="Shards"/> that are more than the node's share. It begins nothing new for them, lets what is in flight end, and gives each back then.</summary>
    public ImmutableArray<int> Surplus { get; init; } = [];
}

/// <summary>Identities that have something to do at a time, so that a new owner wakes exactly those.</summary>
public interface IPendingWork
{
    /// <summary>Identities of the shards that are due by the given time, earliest first, at most <paramref name="limit"/>.</summary>
    ValueTask<ImmutableArray<PendingIdentity>> ReadDueAsync(IReadOnlyCollection<int> shards, DateTimeOffset dueBy, int limit, CancellationToken cancellationToken);
}

/// <summary>An identity that has something to do.</summary>
public readonly record struct PendingIdentity(IdentityId Identity, int Shard, DateTimeOffset DueAt);
