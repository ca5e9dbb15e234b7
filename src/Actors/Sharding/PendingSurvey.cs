using Microsoft.Extensions.Logging;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>Wakes the identities that have something to do: all of a shard's when it was gained, and those that fall due while nobody has them in memory.</summary>
public sealed partial class PendingSurvey(IPendingWork pending, ShardOwnership ownership, PendingSurveyOptions options, TimeProvider clock, ILogger<PendingSurvey> logger)
{
    private readonly HashSet<IdentityId> woken = [];

    /// <summary>Runs until cancelled.</summary>
    /// <param name="wake">Wakes an identity; waking a live one is harmless.</param>
    /// <param name="cancellationToken">Ends the survey.</param>
    public async Task RunAsync(Func<IdentityId, CancellationToken, ValueTask> wake, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wake);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var more = await SurveyOnceAsync(wake, cancellationToken).ConfigureAwait(false);
                if (!more) await Task.Delay(options.SurveyInterval, clock, cancellationToken).ConfigureAwait(false);
            }
            catch (StorageUnavailableException failure)
            {
                LogStorageUnavailable(failure.Message);
                await Task.Delay(options.SurveyInterval, clock, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    // Identities that were woken in the last round are passed over in this one: they are live and have timers of their own, and the batch
    // shall reach those behind them.
    private async Task<bool> SurveyOnceAsync(Func<IdentityId, CancellationToken, ValueTask> wake, CancellationToken cancellationToken)
    {
        var shards = ownership.Shards;
        if (shards.Count == 0) return false;
        var due = await pending.ReadDueAsync(shards, clock.GetUtcNow(), options.BatchMax + woken.Count, cancellationToken).ConfigureAwait(false);
        var fresh = due.Where(entry => !woken.Contains(entry.Identity)).Take(options.BatchMax).ToList();
        foreach (var entry in fresh) await wake(entry.Identity, cancellationToken).ConfigureAwait(false);
        var more = fresh.Count == options.BatchMax && woken.Count < options.WokenMax;
        if (!more) woken.Clear();
        woken.UnionWith(fresh.Select(entry => entry.Identity));
        return more;
    }

    [LoggerMessage(3301, LogLevel.Warning, "Pending work could not be read: {Reason}")]
    private partial void LogStorageUnavailable(string reason);
}

/// <summary>The bounds of a <see cref="PendingSurvey"/>.</summary>
public sealed record PendingSurveyOptions
{
    /// <summary>How often the pending work is looked at. Default 1 s.</summary>
    public TimeSpan SurveyInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many identities are read at once. Default 1,000.</summary>
    public int BatchMax { get; init; } = 1_000;

    /// <summary>How many identities of one round are remembered as woken. Default 100,000.</summary>
    public int WokenMax { get; init; } = 100_000;
}
