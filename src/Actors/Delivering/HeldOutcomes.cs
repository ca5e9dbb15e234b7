using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PasswordSync.Actors.Identities;
using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Delivering;

/// <summary>
/// Tells identities how attempts ended. What cannot be told, because the database is away or the shard on its way to another node, is held in memory and told again, and takes no place at
/// its sync point meanwhile; each by itself, so that an identity that does not answer holds up no other. As long as it is here, this node does not give the attempt up: no wake-up after an
/// outage comes before what is known already. Safe from any thread.
/// </summary>
public sealed partial class HeldOutcomes(IIdentities identities, ShardOwnership ownership, HeldOutcomesOptions options, Func<double> jitter, TimeProvider clock, ILogger<HeldOutcomes> logger) : IDisposable
{
    private readonly ConcurrentDictionary<Guid, Entry> atHand = new();
    private readonly SemaphoreSlim recordingPlaces = new(options.RecordingMax);
    private volatile RulesOver? over;
    private volatile bool isEnding;
    private int held;
    private int telling;

    private sealed record RulesOver(DecisionRules Of, DecisionRules Rules);

    /// <summary>How many are held because they could not be told.</summary>
    public int Count => Volatile.Read(ref held);

    /// <summary>Whether so many are held that nothing new is to be begun.</summary>
    public bool IsFull => Count >= options.HeldMax;

    /// <summary>The accounts of sources that were written to while what that caused is held unrecorded: what is captured of them waits for it, however long the database is away.</summary>
    public ImmutableHashSet<AccountId> UnrecordedAccounts() => Count == 0
        ? []
        : [.. atHand.Values.Where(entry => entry is { IsHeld: true, NeedsRecord: true }).Select(entry => entry.Outcome.Attempt.Target.AsSourceAccount).OfType<AccountId>()];

    /// <summary>The same rules, which spare attempts whose outcome is here.</summary>
    public DecisionRules Over(DecisionRules rules)
    {
        if (over is { } known && ReferenceEquals(known.Of, rules)) return known.Rules;
        var made = new RulesOver(rules, rules with { HasOutcome = atHand.ContainsKey });
        over = made;
        return made.Rules;
    }

    /// <summary>Tells an outcome. Ends when that has been tried once: if it could not be told, it is held from then on. Never throws.</summary>
    public async Task TellAsync(AttemptOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        var entry = new Entry(outcome, clock.GetTimestamp()) { RetryAfter = options.RetryInterval };
        atHand[outcome.Attempt.AttemptId] = entry;
        if (await TryAsync(entry, ShardStanding.Own, CancellationToken.None).ConfigureAwait(false) is not { } trouble) return;
        LogHeld(outcome.Point, outcome.CaptureId, NameOf(outcome), trouble.Reason);
        Interlocked.Increment(ref held);
        entry.TriedAt = clock.GetTimestamp();
        entry.IsHeld = true;
    }

    /// <summary>Tells what is held again and again until cancelled; then waits for what it is telling, each within its own bounds. Never fails.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<Task> begun = [];
        await Repeating.RunAsync(
            async token =>
            {
                await Task.Delay(options.RetryInterval, clock, token).ConfigureAwait(false);
                begun = [.. begun.Where(told => !told.IsCompleted), .. BeginDue(token)];
            },
            failure => LogBroke(failure.GetType(), failure.StackTrace),
            options.RetryInterval,
            clock,
            cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(begun).ConfigureAwait(false);
    }

    /// <summary>Begins to tell what is due, beside what is being told already. Ends when each of it was tried once.</summary>
    public Task TellDueAsync(CancellationToken cancellationToken) => Task.WhenAll(BeginDue(cancellationToken)).WaitAsync(cancellationToken);

    /// <summary>The node ends: waits until everything is told, at most until the limit. What is left then is found out by its deadline and a probe.</summary>
    public async Task EndAsync(CancellationToken limit)
    {
        isEnding = true;
        while (Count > 0 && !limit.IsCancellationRequested) await Task.Delay(options.RetryInterval, clock, limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Count is > 0 and var left) LogLeft(left);
    }

    public void Dispose() => recordingPlaces.Dispose();

    // What must be recorded first comes first: after an outage an echo comes as soon as the outcomes, and is told by what is recorded. Then those that were asked
    // in vain least often.
    private List<Task> BeginDue(CancellationToken cancellationToken)
    {
        if (Count == 0) return [];
        var due = atHand.Values.Where(IsDue).OrderByDescending(entry => entry.NeedsRecord).ThenBy(entry => entry.RetryAfter).ThenBy(entry => entry.Since);
        return [.. due.Take(options.TellingMax - Volatile.Read(ref telling)).ToList().Select(entry => TellAgainAsync(entry, cancellationToken))];
    }

    private bool IsDue(Entry entry) =>
        entry is { IsHeld: true, IsBeingTold: false } && (isEnding || entry.NeedsRecord || clock.GetElapsedTime(entry.TriedAt) >= entry.RetryAfter);

    private async Task TellAgainAsync(Entry entry, CancellationToken cancellationToken)
    {
        entry.IsBeingTold = true;
        Interlocked.Increment(ref telling);
        try
        {
            await TellOnceMoreAsync(entry, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Nobody waits for it: it is logged, and the outcome told again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogBroke(failure.GetType(), failure.StackTrace);
        }
        finally
        {
            Interlocked.Decrement(ref telling);
            entry.IsBeingTold = false;
        }
    }

    private async Task TellOnceMoreAsync(Entry entry, CancellationToken cancellationToken)
    {
        var outcome = entry.Outcome;
        var standing = ownership.StandingOf(outcome.Identity);
        if (clock.GetElapsedTime(entry.Since) >= options.KeptFor)
        {
            if (Remove(entry)) LogTooOld(outcome.Point, outcome.CaptureId, NameOf(outcome), options.KeptFor);
        }
        else if (standing == ShardStanding.Unknown)
        {
            // The lease is over, so the database is away: the node asks nobody before it is renewed.
        }
        else if (await TryAsync(entry, standing, cancellationToken).ConfigureAwait(false) is not { } trouble)
        {
            // It is gone from here.
        }
        else if (trouble.IsFault && clock.GetUtcNow() >= outcome.Attempt.Deadline + options.ElsewhereMax)
        {
            if (Remove(entry)) LogFaulty(outcome.Point, outcome.CaptureId, NameOf(outcome), trouble.Reason);
        }
        else if (standing == ShardStanding.Other && !entry.NeedsRecord && clock.GetUtcNow() >= outcome.Attempt.Deadline + options.ElsewhereMax)
        {
            if (Remove(entry)) LogElsewhere(outcome.Point, outcome.CaptureId, NameOf(outcome));
        }
        else
        {
            entry.TriedAt = clock.GetTimestamp();
            entry.RetryAfter = entry.RetryAfter * 2 < options.RetryMax ? entry.RetryAfter * 2 : options.RetryMax;
        }
    }

    // Null if it is told, or nobody wants it; else the reason. What is to be recorded before is so wherever the shard is.
    private async Task<Trouble?> TryAsync(Entry entry, ShardStanding standing, CancellationToken cancellationToken)
    {
        if (await RecordAsync(entry, cancellationToken).ConfigureAwait(false) is { } trouble) return trouble;
        return standing == ShardStanding.Other ? new Trouble("Its shard is another node's.", IsFault: false) : await GuardAsync(() => FinishAsync(entry)).ConfigureAwait(false);
    }

    private async Task<Trouble?> RecordAsync(Entry entry, CancellationToken cancellationToken)
    {
        if (!entry.NeedsRecord) return null;
        if (!entry.IsHeld) return await RecordAsync(entry).ConfigureAwait(false);

        // Very many that are held must not take all connections to the database.
        var place = recordingPlaces.WaitAsync(cancellationToken);
        await place.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!place.IsCompletedSuccessfully) return new Trouble("The node ends.", IsFault: false);
        try
        {
            return await RecordAsync(entry).ConfigureAwait(false);
        }
        finally
        {
            recordingPlaces.Release();
        }
    }

    private static Task<Trouble?> RecordAsync(Entry entry) => GuardAsync(async () =>
    {
        await entry.Outcome.RecordFirst!().ConfigureAwait(false);
        entry.IsRecorded = true;
    });

    private async Task FinishAsync(Entry entry)
    {
        var outcome = entry.Outcome;
        var decision = await identities.DecideAsync(
            outcome.Identity, now => new IdentityCommand.FinishAttempt(now, outcome.Point, outcome.Attempt.AttemptId, outcome.Outcome, jitter()), CancellationToken.None).ConfigureAwait(false);
        Remove(entry);
        if (decision.Refusal is { } refusal) LogNotWanted(outcome.Point, outcome.CaptureId, NameOf(outcome), refusal);
        else if (entry.IsHeld) LogTold(outcome.Point, outcome.CaptureId, NameOf(outcome), clock.GetElapsedTime(entry.Since));
    }

    private static async Task<Trouble?> GuardAsync(Func<Task> workAsync)
    {
        try
        {
            await workAsync().ConfigureAwait(false);
            return null;
        }
        catch (Exception failure) when (failure is IdentityUnavailableException or StorageUnavailableException)
        {
            return new Trouble(failure.Message, IsFault: failure is IdentityUnavailableException { InnerException: not (StorageUnavailableException or ShardNotOwnedException or TimeoutException or AskTargetStoppedException) });
        }
#pragma warning disable CA1031 // Whatever breaks over one outcome must neither lose it nor hold up the others; the message may hold anything.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return new Trouble($"It broke with {failure.GetType().Name}.", IsFault: true);
        }
    }

    private bool Remove(Entry entry)
    {
        if (!atHand.TryRemove(KeyValuePair.Create(entry.Outcome.Attempt.AttemptId, entry))) return false;
        if (entry.IsHeld) Interlocked.Decrement(ref held);
        entry.Outcome.Flight?.Dispose();
        return true;
    }

    private static string NameOf(AttemptOutcome outcome) => outcome.Outcome.GetType().Name;

    /// <summary>Why an outcome could not be told.</summary>
    /// <param name="Reason">For people.</param>
    /// <param name="IsFault">Whether something is wrong with this very person or outcome, which does not pass by itself as an outage does.</param>
    private sealed record Trouble(string Reason, bool IsFault);

    private sealed class Entry(AttemptOutcome outcome, long since)
    {
        private volatile bool isHeld;
        private volatile bool isRecorded;
        private volatile bool isBeingTold;

        public AttemptOutcome Outcome => outcome;

        public long Since => since;

        public bool IsRecorded { set => isRecorded = value; }

        /// <summary>Whether something must be recorded before it is told.</summary>
        public bool NeedsRecord => outcome.RecordFirst is not null && !isRecorded;

        /// <summary>Whether it is being told again. Reset last: then a round may take it.</summary>
        public bool IsBeingTold { get => isBeingTold; set => isBeingTold = value; }

        public TimeSpan RetryAfter { get; set; }

        public long TriedAt { get; set; }

        /// <summary>Whether it could not be told at once. Set last: then a round may take it.</summary>
        public bool IsHeld { get => isHeld; set => isHeld = value; }
    }

    [LoggerMessage(3411, LogLevel.Warning, "{Point}: that change {CaptureId} ended with {Outcome} could not be recorded; it is held and recorded as soon as it can be: {Reason}")]
    private partial void LogHeld(SyncPointId point, CaptureId captureId, string outcome, string reason);

    [LoggerMessage(3412, LogLevel.Information, "{Point}: that change {CaptureId} ended with {Outcome} is recorded after {Held}.")]
    private partial void LogTold(SyncPointId point, CaptureId captureId, string outcome, TimeSpan held);

    [LoggerMessage(3413, LogLevel.Information, "{Point}: that change {CaptureId} ended with {Outcome} is not recorded ({Refusal}): it was before, or the attempt was given up.")]
    private partial void LogNotWanted(SyncPointId point, CaptureId captureId, string outcome, DecisionRefusal refusal);

    [LoggerMessage(3414, LogLevel.Warning, "{Point}: that change {CaptureId} ended with {Outcome} is not recorded: its person is another node's now, which has given the attempt up and probes the target.")]
    private partial void LogElsewhere(SyncPointId point, CaptureId captureId, string outcome);

    [LoggerMessage(3415, LogLevel.Error, "{Point}: that change {CaptureId} ended with {Outcome} could not be recorded for {Held} and is forgotten; the attempt is given up, and the target is probed.")]
    private partial void LogTooOld(SyncPointId point, CaptureId captureId, string outcome, TimeSpan held);

    [LoggerMessage(3416, LogLevel.Warning, "The node ends before {Count} outcomes of deliveries could be recorded: whoever goes on with them probes the targets.")]
    private partial void LogLeft(int count);

    [LoggerMessage(3417, LogLevel.Error, "Recording outcomes that are held broke with {ExceptionType}; it is tried again.\n{StackTrace}")]
    private partial void LogBroke(Type exceptionType, string? stackTrace);

    [LoggerMessage(3418, LogLevel.Error, "{Point}: that change {CaptureId} ended with {Outcome} cannot be recorded, whatever the database does, and is forgotten; the attempt is given up, and the target is probed: {Reason}")]
    private partial void LogFaulty(SyncPointId point, CaptureId captureId, string outcome, string reason);
}
