using Microsoft.Extensions.Logging;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>Renews the node's lease and takes free shards, as long as it runs; gives everything back when it ends.</summary>
public sealed partial class LeaseKeeper(
    IShardLeases leases, NodeId node, ShardOwnership ownership, Action<IReadOnlyCollection<int>> onGained, LeaseKeeperOptions options, TimeProvider clock, ILogger<LeaseKeeper> logger)
{
    /// <summary>Runs until cancelled, then releases the shards within <see cref="LeaseKeeperOptions.ReleaseTimeout"/>.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await KeepOnceAsync(cancellationToken).ConfigureAwait(false);
                await Task.Delay(options.HeartbeatInterval, clock, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
        finally
        {
            await ReleaseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>One renewal. A database that is away leaves the lease to run out by itself.</summary>
    public async Task KeepOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            var askedAt = clock.GetTimestamp();
            var view = await leases.KeepAsync(node, cancellationToken).ConfigureAwait(false);
            var gained = ownership.Renew(view, askedAt);
            if (gained.IsEmpty) return;
            LogGained(gained.Length, view.Shards.Count);
            onGained(gained);
        }
        catch (StorageUnavailableException failure)
        {
            LogNotRenewed(failure.Message);
        }
    }

    private async Task ReleaseAsync()
    {
        ownership.LoseAll();
        using var limit = new CancellationTokenSource(options.ReleaseTimeout, clock);
        try
        {
            await leases.ReleaseAsync(node, limit.Token).ConfigureAwait(false);
            LogReleased();
        }
        catch (Exception failure) when (failure is StorageUnavailableException or OperationCanceledException)
        {
            LogNotReleased(failure.Message);
        }
    }

    [LoggerMessage(3001, LogLevel.Information, "Gained {Gained} shards; the node owns {Owned}.")]
    private partial void LogGained(int gained, int owned);

    [LoggerMessage(3002, LogLevel.Warning, "The lease could not be renewed: {Reason}")]
    private partial void LogNotRenewed(string reason);

    [LoggerMessage(3003, LogLevel.Information, "Released all shards.")]
    private partial void LogReleased();

    [LoggerMessage(3004, LogLevel.Warning, "The shards could not be released ({Reason}); other nodes take them when the lease has run out.")]
    private partial void LogNotReleased(string reason);
}

/// <summary>The rhythm of a <see cref="LeaseKeeper"/>.</summary>
public sealed record LeaseKeeperOptions
{
    /// <summary>How often the lease is renewed. Default 1 s; well below the lease's validity.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a graceful leave may take. Default 5 s.</summary>
    public TimeSpan ReleaseTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
