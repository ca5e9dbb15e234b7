using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PasswordSync.Actors.Identities;
using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Delivering;

/// <summary>
/// Tells identities how attempts ended. What cannot be told, because the database is away or the shard on its way to another node, is held in memory and told again, and takes no place at
/// its sync point meanwhile. As long as it is here, this node does not give the attempt up: no wake-up after an outage comes before what is known already. Safe from any thread.
/// </summary>
public sealed partial class HeldOutcomes(IIdentities identities, ShardOwnership ownership, HeldOutcomesOptions options, Func<double> jitter, TimeProvider clock, ILogger<HeldOutcomes> logger)
{
    private readonly ConcurrentDictionary<Guid, Entry> atHand = new();
    private volatile RulesOver? over;
    private volatile bool isEnding;
    private int held;

    private sealed record RulesOver(DecisionRules Of, DecisionRules Rules);

    /// <summary>How many are held because they could not be told.</summary>
    public int Count => Volatile.Read(ref held);

    /// <summary>Whether so many are held that nothing new is to be begun.</summary>
    public bool IsFull => Count >= options.HeldMax;

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
        if (await TryAsync(entry, ShardStanding.Own).ConfigureAwait(false) is not { } trouble) return;
        LogHeld(outcome.Point, outcome.CaptureId, NameOf(outcome), trouble.Reason);
        Interlocked.Increment(ref held);
        entry.TriedAt = clock.GetTimestamp();
        entry.IsHeld = true;
    }

    /// <summary>Tells what is held again and again until cancelled. Never fails.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Repeating.RunAsync(
        async token =>
        {
            await Task.Delay(options.RetryInterval, clock, token).ConfigureAwait(false);
            await TellDueAsync(token).ConfigureAwait(false);
        },
        failure => LogBroke(failure.GetType(), failure.StackTrace),
        options.RetryInterval,
        clock,
        cancellationToken);

    /// <summary>One round: tells what is due, the oldest first.</summary>
    public async Task TellDueAsync(CancellationToken cancellationToken)
    {
        if (Count == 0) return;
        var due = atHand.Values.Where(entry => entry.IsHeld && (isEnding || clock.GetElapsedTime(entry.TriedAt) >= entry.RetryAfter)).OrderBy(entry => entry.Since).ToList();
        var several = new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellationToken };

        // Before any identity is asked: after an outage an echo comes as soon as the outcomes, and is told by what is recorded.
        var unrecorded = atHand.Values.Where(entry => entry is { IsHeld: true, IsRecorded: false }).ToList();
        await Parallel.ForEachAsync(unrecorded, several, async (entry, _) =>
        {
            if (ownership.StandingOf(entry.Outcome.Identity) != ShardStanding.Unknown) await RecordAsync(entry).ConfigureAwait(false);
        }).ConfigureAwait(false);
        await Parallel.ForEachAsync(due, several, async (entry, _) => await TellAgainAsync(entry).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>The node ends: waits until everything is told, at most until the limit. What is left then is found out by its deadline and a probe.</summary>
    public async Task EndAsync(CancellationToken limit)
    {
        isEnding = true;
        while (Count > 0 && !limit.IsCancellationRequested) await Task.Delay(options.RetryInterval, clock, limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Count is > 0 and var left) LogLeft(left);
    }

    private async Task TellAgainAsync(Entry entry)
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
        else if (await TryAsync(entry, standing).ConfigureAwait(false) is not { } trouble)
        {
            // It is gone from here.
        }
        else if (trouble.IsFault && clock.GetUtcNow() >= outcome.Attempt.Deadline + options.ElsewhereMax)
        {
            if (Remove(entry)) LogFaulty(outcome.Point, outcome.CaptureId, NameOf(outcome), trouble.Reason);
        }
        else if (standing == ShardStanding.Other && entry.IsRecorded && clock.GetUtcNow() >= outcome.Attempt.Deadline + options.ElsewhereMax)
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
    private async Task<Trouble?> TryAsync(Entry entry, ShardStanding standing)
    {
        if (await RecordAsync(entry).ConfigureAwait(false) is { } trouble) return trouble;
        return standing == ShardStanding.Other ? new Trouble("Its shard is another node's.", IsFault: false) : await GuardAsync(() => FinishAsync(entry)).ConfigureAwait(false);
    }

    private static Task<Trouble?> RecordAsync(Entry entry) => GuardAsync(async () =>
    {
        if (!entry.IsRecorded && entry.Outcome.RecordFirst is { } recordAsync) await recordAsync().ConfigureAwait(false);
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

        public AttemptOutcome Outcome => outcome;

        public long Since => since;

        public bool IsRecorded { get; set; }

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
