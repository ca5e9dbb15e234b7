using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>
/// What this node owns now, and for how long it may act on it by its own monotonic clock. Only for speed: safety is the epoch, which every append
/// checks in the database. Shards beyond the node's share are handed over: nothing new is begun for them, what is in flight ends, then they are given back.
/// Safe from any thread.
/// </summary>
/// <param name="shardCount">The number of shards of the cluster.</param>
/// <param name="clock">The clock.</param>
/// <param name="gainsGoOn">Where what waits for <see cref="NextGain"/> goes on: elsewhere, so that it can be as slow as it likes, since whoever notes the gain keeps the lease; only a simulation on one thread has it go on there.</param>
public sealed class ShardOwnership(int shardCount, TimeProvider clock, TaskCreationOptions gainsGoOn = TaskCreationOptions.RunContinuationsAsynchronously)
{
    private sealed record Lease(ImmutableSortedDictionary<int, long> Shards, ImmutableHashSet<int> HandedOver, long ValidUntil)
    {
        public static Lease None { get; } = new(ImmutableSortedDictionary<int, long>.Empty, [], ValidUntil: 0);
    }

    private readonly Lock gate = new();
    private readonly int[] inFlight = new int[shardCount];
    private readonly long[] gainOf = new long[shardCount];
    private readonly Dictionary<int, long> handedOverSince = [];
    private Lease lease = Lease.None;
    private LeaseGap gap = LeaseGap.None;
    private long answered;
    private long gains;
    private long shardsGained;
    private TaskCompletionSource nextGain = new(gainsGoOn);

    /// <summary>The shards for which the node may begin something now.</summary>
    public IReadOnlyCollection<int> Shards => [.. Epochs.Keys];

    /// <summary>The same, with the epoch of each.</summary>
    public ImmutableSortedDictionary<int, long> Epochs =>
        Current is { } current && Remaining(current) > TimeSpan.Zero ? current.Shards.RemoveRange(current.HandedOver) : ImmutableSortedDictionary<int, long>.Empty;

    /// <summary>How long the lease lasts yet; zero or less when it is over.</summary>
    public TimeSpan RemainingTime => Remaining(Current);

    /// <summary>The last time in which nothing could be recorded, up to now where the database is silent still: whoever reads it again may decide before the lease is renewed.</summary>
    public LeaseGap Gap
    {
        get
        {
            lock (gate) return gap == LeaseGap.None ? gap : GapUntilNow();
        }
    }

    /// <summary>How often shards were gained. When it rises, there may be identities with work that nobody on this node has woken.</summary>
    public long Gains => Interlocked.Read(ref gains);

    /// <summary>Ends when shards are gained the next time. Whoever takes it before it looks at what is owned misses none.</summary>
    public Task NextGain => Volatile.Read(ref nextGain).Task;

    /// <summary>Which of the <see cref="Gains"/> brought the identity's shard last; 0 if none did. Whoever was woken since an older one may have been stopped meanwhile.</summary>
    public long GainOf(IdentityId identity) => Interlocked.Read(ref gainOf[identity.Shard(shardCount)]);

    /// <summary>How many shards were gained, each as often as it was.</summary>
    public long ShardsGained => Interlocked.Read(ref shardsGained);

    private Lease Current => Volatile.Read(ref lease);

    /// <summary>The epoch under which the node owns a shard, one that is being handed over among them; null if it does not, or its lease is over.</summary>
    public long? EpochOf(int shard)
    {
        var current = Current;
        return Remaining(current) > TimeSpan.Zero && current.Shards.TryGetValue(shard, out var epoch) ? epoch : null;
    }

    /// <summary>Whose an identity's shard is, as far as this node knows now.</summary>
    public ShardStanding StandingOf(IdentityId identity)
    {
        var current = Current;
        if (current.ValidUntil <= clock.GetTimestamp()) return ShardStanding.Unknown;
        return current.Shards.ContainsKey(identity.Shard(shardCount)) ? ShardStanding.Own : ShardStanding.Other;
    }

    /// <summary>Takes what the lease store said.</summary>
    /// <param name="view">What is owned.</param>
    /// <param name="askedAt">The clock's timestamp just before the store was asked: the validity counts from there.</param>
    /// <returns>The shards that the node could not act on before, or only under another epoch; after a lease that had run out, all of them.</returns>
    public ImmutableArray<int> Renew(LeaseView view, long askedAt)
    {
        ArgumentNullException.ThrowIfNull(view);
        var gained = Take(view, askedAt);
        if (!gained.IsEmpty) Interlocked.Exchange(ref nextGain, new TaskCompletionSource(gainsGoOn)).SetResult();
        return gained;
    }

    /// <summary>Begins something for an identity that a hand-over of its shard waits for; disposing the answer ends it. Null if nothing may be begun: the shard is another node's, or about to be.</summary>
    public IDisposable? TryBegin(IdentityId identity)
    {
        var shard = identity.Shard(shardCount);
        lock (gate)
        {
            if (EpochOf(shard) is null || lease.HandedOver.Contains(shard)) return null;
            inFlight[shard]++;
            return new Flight(this, shard);
        }
    }

    /// <summary>Takes the handed-over shards for which nothing is in flight any more, or that waited too long for it: the node forgets them, and the caller gives them back.</summary>
    /// <param name="waitMax">How long a hand-over may wait.</param>
    public ImmutableArray<int> TakeHandedOver(TimeSpan waitMax)
    {
        lock (gate)
        {
            ImmutableArray<int> ready = [.. lease.HandedOver.Where(shard => inFlight[shard] == 0 || clock.GetElapsedTime(handedOverSince[shard]) >= waitMax).Order()];
            Volatile.Write(ref lease, lease with { Shards = lease.Shards.RemoveRange(ready), HandedOver = lease.HandedOver.Except(ready) });
            return ready;
        }
    }

    /// <summary>Forgets a shard that turned out to be another node's.</summary>
    public void Lose(int shard, long epoch)
    {
        lock (gate)
        {
            if (lease.Shards.TryGetValue(shard, out var known) && known == epoch) Volatile.Write(ref lease, lease with { Shards = lease.Shards.Remove(shard), HandedOver = lease.HandedOver.Remove(shard) });
        }
    }

    /// <summary>Forgets everything, at the end of a leave.</summary>
    public void LoseAll()
    {
        lock (gate) Volatile.Write(ref lease, Lease.None);
    }

    // From the last answer on: for how long the lease went on after it says nothing about what could be recorded.
    private LeaseGap GapUntilNow()
    {
        var silence = clock.GetElapsedTime(answered);
        if (silence < LeaseGap.SilenceMin && lease.ValidUntil > clock.GetTimestamp()) return gap;
        var now = clock.GetUtcNow();
        return gap.FollowedBy(now - silence, now);
    }

    private ImmutableArray<int> Take(LeaseView view, long askedAt)
    {
        lock (gate)
        {
            var current = lease;
            gap = gap == LeaseGap.None ? LeaseGap.AtStart(clock.GetUtcNow()) : GapUntilNow();
            answered = askedAt;
            var before = Remaining(current) > TimeSpan.Zero ? current.Shards.RemoveRange(current.HandedOver) : ImmutableSortedDictionary<int, long>.Empty;
            var ticks = (long)(view.ValidFor.TotalSeconds * clock.TimestampFrequency);
            Volatile.Write(ref lease, new Lease(view.Shards, [.. view.Surplus], askedAt + ticks));
            foreach (var shard in handedOverSince.Keys.Except(view.Surplus).ToList()) handedOverSince.Remove(shard);
            foreach (var shard in view.Surplus) handedOverSince.TryAdd(shard, clock.GetTimestamp());
            ImmutableArray<int> gained = [.. from shard in view.Shards.RemoveRange(view.Surplus) where !before.TryGetValue(shard.Key, out var epoch) || epoch != shard.Value select shard.Key];
            Interlocked.Add(ref shardsGained, gained.Length);
            if (gained.IsEmpty) return gained;
            foreach (var shard in gained) Interlocked.Exchange(ref gainOf[shard], gains + 1);
            Interlocked.Increment(ref gains);
            return gained;
        }
    }

    private TimeSpan Remaining(Lease current) =>
        current.Shards.IsEmpty ? TimeSpan.Zero : TimeSpan.FromSeconds((current.ValidUntil - clock.GetTimestamp()) / (double)clock.TimestampFrequency);

    private void End(int shard)
    {
        lock (gate) inFlight[shard]--;
    }

    private sealed class Flight(ShardOwnership ownership, int shard) : IDisposable
    {
        private int hasEnded;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref hasEnded, 1) == 0) ownership.End(shard);
        }
    }
}

/// <summary>Whose a shard is, as far as a node knows.</summary>
public enum ShardStanding
{
    /// <summary>The node has not heard from the database for so long that its lease is over.</summary>
    Unknown,

    /// <summary>The node's, also while it is being handed over.</summary>
    Own,

    /// <summary>Another node's, or about to be.</summary>
    Other,
}
