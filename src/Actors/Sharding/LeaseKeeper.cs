using Microsoft.Extensions.Logging;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>Renews the node's lease and takes free shards, as long as it runs; gives everything back when it ends.</summary>
public sealed partial class LeaseKeeper(IShardLeases leases, NodeId node, ShardOwnership ownership, LeaseKeeperOptions options, TimeProvider clock, ILogger<LeaseKeeper> logger)
{
    private readonly TaskCompletionSource leaving = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool isAway;

    /// <summary>From now on nothing is taken, and every shard is handed over.</summary>
    /// <returns>Ends when nothing is owned any more, or the database cannot be asked.</returns>
    public Task LeaveAsync()
    {
        leaving.TrySetResult();
        return left.Task;
    }

    /// <summary>Runs until cancelled, then releases the shards within <see cref="LeaseKeeperOptions.ReleaseTimeout"/>. Never fails.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Repeating.RunAsync(
            async token =>
            {
                await KeepOnceAsync(token).ConfigureAwait(false);
                await PauseAsync(token).ConfigureAwait(false);
            },
            _ => { },
            options.SurveyInterval,
            clock,
            cancellationToken).ConfigureAwait(false);
        await ReleaseAsync().ConfigureAwait(false);
    }

    /// <summary>One renewal. One that fails leaves the lease to run out by itself.</summary>
    public async Task KeepOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            var askedAt = clock.GetTimestamp();
            var isLeaving = leaving.Task.IsCompleted;
            var view = await leases.KeepAsync(node, isLeaving, cancellationToken).ConfigureAwait(false);
            if (isAway) LogRenewedAgain();
            isAway = false;
            var gained = ownership.Renew(view, askedAt);
            if (!gained.IsEmpty) LogGained(gained.Length, view.Shards.Count);
            if (ownership.TakeHandedOver(options.HandOverTimeout) is { IsEmpty: false } ready) await leases.ReleaseAsync(node, ready, cancellationToken).ConfigureAwait(false);
            if (isLeaving && ownership.RemainingTime <= TimeSpan.Zero) left.TrySetResult();
        }
        catch (StorageUnavailableException failure)
        {
            // Once for each time of trouble: it is tried several times a second.
            if (!isAway) LogNotRenewed(failure.Message);
            isAway = true;
            if (leaving.Task.IsCompleted) left.TrySetResult();
        }
#pragma warning disable CA1031 // The node must go on trying: without a lease it does nothing at all.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            // The first renewal is made outside of the loop: what breaks while the node ends must not look like a failure of the engine.
            cancellationToken.ThrowIfCancellationRequested();
            LogKeepingBroke(failure.GetType(), failure.StackTrace);
        }
    }

    // A leave does not wait for the next round, and its own rounds are shorter; nor do others wait with what it gives back.
    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        if (leaving.Task.IsCompleted) await Task.Delay(options.LeaveInterval, clock, cancellationToken).ConfigureAwait(false);
        else await Task.WhenAny(leaving.Task, leases.WaitForReleasesAsync(options.SurveyInterval, cancellationToken)).ConfigureAwait(false);
    }

    private async Task ReleaseAsync()
    {
        ownership.LoseAll();
        using var limit = new CancellationTokenSource(options.ReleaseTimeout, clock);
        try
        {
            await leases.ReleaseAsync(node, limit.Token).AsTask().WaitAsync(limit.Token).ConfigureAwait(false);
            LogReleased();
        }
#pragma warning disable CA1031 // The node is leaving, whatever is wrong.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogNotReleased(failure is StorageUnavailableException ? failure.Message : failure.GetType().Name);
        }
    }

    [LoggerMessage(3001, LogLevel.Information, "Gained {Gained} shards; the node owns {Owned}.")]
    private partial void LogGained(int gained, int owned);

    [LoggerMessage(3002, LogLevel.Warning, "The lease could not be renewed: {Reason}")]
    private partial void LogNotRenewed(string reason);

    [LoggerMessage(3006, LogLevel.Information, "The lease is renewed again.")]
    private partial void LogRenewedAgain();

    [LoggerMessage(3003, LogLevel.Information, "Released all shards.")]
    private partial void LogReleased();

    [LoggerMessage(3004, LogLevel.Warning, "The shards could not be released ({Reason}); other nodes take them when the lease has run out.")]
    private partial void LogNotReleased(string reason);

    [LoggerMessage(3005, LogLevel.Error, "Renewing the lease broke with {ExceptionType}; it is tried again.\n{StackTrace}")]
    private partial void LogKeepingBroke(Type exceptionType, string? stackTrace);
}

/// <summary>The rhythm of a <see cref="LeaseKeeper"/>.</summary>
public sealed record LeaseKeeperOptions
{
    /// <summary>
    /// How often the store is asked what is owned and what is free: a dead node's shards are taken so soon after its expiry, and shares move so soon after a node came;
    /// what a node gave back is looked for at once where the store tells of it. The store sends its heartbeats in a rhythm of its own. Default 0.25 s; well below the lease's validity.
    /// </summary>
    public TimeSpan SurveyInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often a node that is about to leave looks what it can give back. Default 0.05 s.</summary>
    public TimeSpan LeaveInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a shard that is handed over waits for deliveries in flight; then it is given back, and their recorded deadlines keep the next owner from sending anything else too early. Default 15 s.</summary>
    public TimeSpan HandOverTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the last release of a graceful leave may take. Default 5 s.</summary>
    public TimeSpan ReleaseTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
