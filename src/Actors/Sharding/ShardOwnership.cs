using System.Collections.Immutable;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>
/// What this node owns now, and for how long it may act on it by its own monotonic clock. Only for speed: safety is the epoch, which every append
/// checks in the database. Safe from any thread.
/// </summary>
public sealed class ShardOwnership(TimeProvider clock)
{
    private sealed record Lease(ImmutableSortedDictionary<int, long> Shards, long ValidUntil);

    private Lease lease = new(ImmutableSortedDictionary<int, long>.Empty, ValidUntil: 0);
    private long gains;
    private long shardsGained;

    /// <summary>The shards that the node may act on now.</summary>
    public IReadOnlyCollection<int> Shards => Current is { } current && Remaining(current) > TimeSpan.Zero ? [.. current.Shards.Keys] : [];

    /// <summary>How long the lease lasts yet; zero or less when it is over.</summary>
    public TimeSpan RemainingTime => Remaining(Current);

    /// <summary>How often shards were gained. When it rises, there may be identities with work that nobody on this node has woken.</summary>
    public long Gains => Interlocked.Read(ref gains);

    /// <summary>How many shards were gained, each as often as it was.</summary>
    public long ShardsGained => Interlocked.Read(ref shardsGained);

    private Lease Current => Volatile.Read(ref lease);

    /// <summary>The epoch under which the node owns a shard; null if it does not, or its lease is over.</summary>
    public long? EpochOf(int shard)
    {
        var current = Current;
        return Remaining(current) > TimeSpan.Zero && current.Shards.TryGetValue(shard, out var epoch) ? epoch : null;
    }

    /// <summary>Takes what the lease store said.</summary>
    /// <param name="view">What is owned.</param>
    /// <param name="askedAt">The clock's timestamp just before the store was asked: the validity counts from there.</param>
    /// <returns>The shards that the node could not act on before, or only under another epoch; after a lease that had run out, all of them.</returns>
    public ImmutableArray<int> Renew(LeaseView view, long askedAt)
    {
        ArgumentNullException.ThrowIfNull(view);
        var current = Current;
        var before = Remaining(current) > TimeSpan.Zero ? current.Shards : ImmutableSortedDictionary<int, long>.Empty;
        var ticks = (long)(view.ValidFor.TotalSeconds * clock.TimestampFrequency);
        Volatile.Write(ref lease, new Lease(view.Shards, askedAt + ticks));
        ImmutableArray<int> gained = [.. from shard in view.Shards where !before.TryGetValue(shard.Key, out var epoch) || epoch != shard.Value select shard.Key];
        Interlocked.Add(ref shardsGained, gained.Length);
        if (!gained.IsEmpty) Interlocked.Increment(ref gains);
        return gained;
    }

    /// <summary>Forgets a shard that turned out to be another node's.</summary>
    public void Lose(int shard, long epoch)
    {
        while (true)
        {
            var current = Current;
            if (!current.Shards.TryGetValue(shard, out var known) || known != epoch) return;
            if (Interlocked.CompareExchange(ref lease, current with { Shards = current.Shards.Remove(shard) }, current) == current) return;
        }
    }

    /// <summary>Forgets everything, at a graceful leave.</summary>
    public void LoseAll() => Volatile.Write(ref lease, new Lease(ImmutableSortedDictionary<int, long>.Empty, ValidUntil: 0));

    private TimeSpan Remaining(Lease current) =>
        current.Shards.IsEmpty ? TimeSpan.Zero : TimeSpan.FromSeconds((current.ValidUntil - clock.GetTimestamp()) / (double)clock.TimestampFrequency);
}
