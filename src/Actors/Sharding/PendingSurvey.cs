using Microsoft.Extensions.Logging;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>Wakes the identities that have something to do: all of a shard's when it was gained, and those that fall due while nobody has them in memory.</summary>
public sealed partial class PendingSurvey(IPendingWork pending, ShardOwnership ownership, PendingSurveyOptions options, TimeProvider clock, ILogger<PendingSurvey> logger)
{
    private readonly Dictionary<IdentityId, Woken> woken = [];

    /// <summary>When an identity was woken, for what, and after which gain of its shard: it is live since then and has timers of its own, unless the shard went meanwhile.</summary>
    private readonly record struct Woken(DateTimeOffset DueAt, DateTimeOffset At, long Gain);

    /// <summary>Runs until cancelled. Never fails.</summary>
    /// <param name="wake">Wakes an identity; waking a live one is harmless. Must not wait: one with no room for this has other messages to wake up by.</param>
    /// <param name="cancellationToken">Ends the survey.</param>
    public Task RunAsync(Action<IdentityId> wake, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wake);
        return Repeating.RunAsync(token => SurveyOnceAsync(wake, token), LogFailure, options.SurveyInterval, clock, cancellationToken);
    }

    private async Task SurveyOnceAsync(Action<IdentityId> wake, CancellationToken cancellationToken)
    {
        var gain = ownership.NextGain;
        var now = clock.GetUtcNow();
        var shards = ownership.Shards;
        var limit = options.PageMax + woken.Count;
        var began = clock.GetTimestamp();
        var due = shards.Count == 0 ? [] : await pending.ReadDueAsync(shards, now, limit, cancellationToken).ConfigureAwait(false);
        var cost = clock.GetElapsedTime(began);
        if (due.Length < limit) Forget(due.Select(entry => entry.Identity));
        foreach (var some in due.Where(entry => IsToBeWoken(entry, now)).Chunk(options.BatchMax))
        {
            foreach (var entry in some)
            {
                var since = ownership.GainOf(entry.Identity);
                wake(entry.Identity);
                woken[entry.Identity] = new Woken(entry.DueAt, now, since);
            }

            if (some.Length == options.BatchMax) await Task.Delay(options.BatchInterval, clock, cancellationToken).ConfigureAwait(false);
        }

        // Where very many are due, each look costs more, and is made less often: a tenth of the time at most. Shards that are gained meanwhile do not wait for
        // that: nobody has woken their identities yet.
        var pause = cost * 10 > options.SurveyInterval ? cost * 10 : options.SurveyInterval;
        await gain.WaitAsync(pause, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private bool IsToBeWoken(PendingIdentity entry, DateTimeOffset now) => woken.TryGetValue(entry.Identity, out var known)
        ? known.DueAt != entry.DueAt || known.Gain != ownership.GainOf(entry.Identity) || now - known.At >= options.WakeAgainInterval
        : woken.Count < options.WokenMax;

    // Who is no longer due has moved on.
    private void Forget(IEnumerable<IdentityId> due)
    {
        if (woken.Count == 0) return;
        var stillDue = due.ToHashSet();
        foreach (var identity in woken.Keys.Where(identity => !stillDue.Contains(identity)).ToList()) woken.Remove(identity);
    }

    private void LogFailure(Exception failure)
    {
        if (failure is StorageUnavailableException) LogStorageUnavailable(failure.Message);
        else LogBroke(failure.GetType(), failure.StackTrace);
    }

    [LoggerMessage(3301, LogLevel.Warning, "Pending work could not be read: {Reason}")]
    private partial void LogStorageUnavailable(string reason);

    [LoggerMessage(3302, LogLevel.Error, "Reading the pending work broke with {ExceptionType}; it is tried again.\n{StackTrace}")]
    private partial void LogBroke(Type exceptionType, string? stackTrace);
}

/// <summary>The bounds of a <see cref="PendingSurvey"/>.</summary>
public sealed record PendingSurveyOptions
{
    /// <summary>How often the pending work is looked at, beside when shards were gained. Default 1 s; less often while a look takes longer than a tenth of it.</summary>
    public TimeSpan SurveyInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many identities one look may find, beside those woken before. Default 10,000.</summary>
    public int PageMax { get; init; } = 10_000;

    /// <summary>How many identities are woken at once. Default 1,000.</summary>
    public int BatchMax { get; init; } = 1_000;

    /// <summary>The pause after such a batch, so that new captures find their way between. Default 0.1 s.</summary>
    public TimeSpan BatchInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>After how long an identity that is still due for the same is woken again: its actor may have crashed. Default 1 minute.</summary>
    public TimeSpan WakeAgainInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many identities may be woken and still due; others wait until some of them have moved on. Default 200,000, as many as wait for one sync point at most.</summary>
    public int WokenMax { get; init; } = 200_000;
}
