using System.Collections.Immutable;
using PasswordSync.Actors;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Ports;
using PasswordSync.Providers.Contract;
using PasswordSync.SyncNode.Deliveries.Remote;

namespace PasswordSync.SyncNode.Deliveries;

/// <summary>
/// Wakes what waits because a sync point was misconfigured, as soon as the point works again: when a verification of it ends good, and when a delivery there succeeds. Only
/// for the shards of this node; another node hears of it from the one where an operator had it verified, or by its own first success. Safe from any thread.
/// </summary>
internal sealed partial class PointMending(ListPending list, IEnumerable<SyncPointId> points, TimeProvider clock, ILogger<PointMending> logger)
{
    /// <summary>How soon a point that works again is heeded.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How often successes at one point may have everything tried again there at most. Where only some accounts are out of reach (rights on them are missing), successes
    /// of others say nothing about those, which would else be tried all the time.
    /// </summary>
    public static readonly TimeSpan AgainInterval = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan PageInterval = TimeSpan.FromMilliseconds(100);
    private const int PageMax = 500;
    private const int PagesMax = 20_000;
    private const int AtOnceMax = 8;

    private readonly Lock gate = new();
    private readonly HashSet<SyncPointId> verified = [];
    private readonly HashSet<SyncPointId> wanted = [];
    private readonly Dictionary<SyncPointId, long> heededAt = [];

    private readonly ImmutableHashSet<SyncPointId> configured = [.. points];

    // From before the start of the node something may wait at any point.
    private ImmutableHashSet<SyncPointId> suspects = [.. points];
    private long gainsSeen;

    /// <summary>A verification of the point ended good. Of a point that other nodes carry out, it says nothing about the target.</summary>
    public void Verified(SyncPointId point, IProvider provider)
    {
        if (provider is not RemoteProvider) Heed(point);
    }

    /// <summary>Another node, which reaches the target itself, says that its verification of the point ended good. Of a point that is not configured here nothing waits.</summary>
    public void VerifiedElsewhere(SyncPointId point)
    {
        if (configured.Contains(point)) Heed(point);
    }

    /// <summary>Hears of every journalled event.</summary>
    public void Observe(IdentityEvent happened)
    {
        switch (happened)
        {
            case IdentityEvent.AttemptFinished { Outcome: DeliveryOutcome.TargetMisconfigured } finished:
                Suspect(finished.Point);
                break;
            case IdentityEvent.ObstacleMet { Outcome: DeliveryOutcome.TargetMisconfigured } met:
                Suspect(met.Point);
                break;
            case IdentityEvent.AttemptFinished { Outcome.IsSuccess: true } finished when Volatile.Read(ref suspects).Contains(finished.Point):
                Succeeded(finished.Point);
                break;
        }
    }

    /// <summary>Runs until cancelled; never fails.</summary>
    public Task RunAsync(IIdentities identities, ShardOwnership ownership, CancellationToken cancellationToken) => Repeating.RunAsync(
        async token =>
        {
            HeedGains(ownership);
            if (Take() is { IsEmpty: false } mended) await MendAsync(mended, identities, ownership, token).ConfigureAwait(false);
            await Task.Delay(LookInterval, clock, token).ConfigureAwait(false);
        },
        failure => LogBroke(failure.GetType(), failure.Message),
        LookInterval,
        clock,
        cancellationToken);

    private void Heed(SyncPointId point)
    {
        lock (gate)
        {
            verified.Add(point);
            wanted.Add(point);
        }
    }

    private void Suspect(SyncPointId point)
    {
        lock (gate)
        {
            verified.Remove(point);
            if (!suspects.Contains(point)) Volatile.Write(ref suspects, suspects.Add(point));
        }
    }

    private void Succeeded(SyncPointId point)
    {
        lock (gate)
        {
            if (heededAt.TryGetValue(point, out var before) && clock.GetElapsedTime(before) < AgainInterval) return;
            heededAt[point] = clock.GetTimestamp();
            wanted.Add(point);
        }
    }

    // With new shards come deliveries of whose troubles this node has not heard.
    private void HeedGains(ShardOwnership ownership)
    {
        var gains = ownership.Gains;
        if (gains == gainsSeen) return;
        gainsSeen = gains;
        lock (gate)
        {
            wanted.UnionWith(verified);
            Volatile.Write(ref suspects, suspects.Union(configured.Except(verified)));
        }
    }

    private ImmutableHashSet<SyncPointId> Take()
    {
        lock (gate)
        {
            var taken = wanted.ToImmutableHashSet();
            wanted.Clear();
            if (!taken.IsEmpty) Volatile.Write(ref suspects, suspects.Except(taken));
            return taken;
        }
    }

    private async Task MendAsync(ImmutableHashSet<SyncPointId> mended, IIdentities identities, ShardOwnership ownership, CancellationToken cancellationToken)
    {
        try
        {
            // What is due now is tried now in any case.
            var woken = 0;
            PendingIdentity? after = new PendingIdentity(default, 0, clock.GetUtcNow());
            for (var pages = 0; after is not null && pages < PagesMax; pages++)
            {
                if (pages > 0) await Task.Delay(PageInterval, clock, cancellationToken).ConfigureAwait(false);
                var page = await list(after, PageMax, cancellationToken).ConfigureAwait(false);
                await Parallel.ForEachAsync(
                    page.Where(row => ownership.EpochOf(row.Shard) is not null),
                    new ParallelOptions { MaxDegreeOfParallelism = AtOnceMax, CancellationToken = cancellationToken },
                    async (row, token) => Interlocked.Add(ref woken, await WakeAsync(row, mended, identities, token).ConfigureAwait(false))).ConfigureAwait(false);
                after = page.Length < PageMax ? null : page[^1];
            }

            if (woken > 0) LogMended(string.Join(", ", mended.Order()), woken);
        }
        catch (StorageUnavailableException failure)
        {
            LogNotNow(failure.Message);
            lock (gate) wanted.UnionWith(mended);
        }
    }

    private static async ValueTask<int> WakeAsync(PendingIdentity row, ImmutableHashSet<SyncPointId> mended, IIdentities identities, CancellationToken cancellationToken)
    {
        var woken = 0;
        try
        {
            var state = await identities.ShowAsync(row.Identity, cancellationToken).ConfigureAwait(false);
            foreach (var (point, _) in state.Points.Where(entry => entry.Value is PointState.Waiting { AwaitsMend: true } && mended.Contains(entry.Key)))
            {
                var decision = await identities.DecideAsync(row.Identity, now => new IdentityCommand.MendPoint(now, point), cancellationToken).ConfigureAwait(false);
                if (decision.Refusal is null) woken++;
            }
        }
        catch (IdentityUnavailableException)
        {
            // It is tried at its own time, as it would have been without this.
        }

        return woken;
    }

    [LoggerMessage(4705, LogLevel.Information, "Tried now, since the sync points work again ({Points}): {Count} deliveries that waited for that.")]
    private partial void LogMended(string points, int count);

    [LoggerMessage(4706, LogLevel.Warning, "What waited for sync points that work again cannot be looked for now, and is looked for again: {Reason}")]
    private partial void LogNotNow(string reason);

    [LoggerMessage(4707, LogLevel.Error, "Looking for what waited for sync points that work again broke with {ExceptionType}: {Reason} What waits is tried at its own time.")]
    private partial void LogBroke(Type exceptionType, string reason);
}

/// <summary>Lists identities with something to do, as <see cref="IOperationsQueries.ListPendingAsync"/> does.</summary>
internal delegate ValueTask<ImmutableArray<PendingIdentity>> ListPending(PendingIdentity? after, int limit, CancellationToken cancellationToken);
