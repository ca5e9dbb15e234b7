using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PasswordSync.Actors.Identities;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>
/// Takes what remains in the inbox of the node's shards and hands it to the identities. There is no cursor: a row that is not in hand is taken,
/// whatever its number. Nobody is waited for: what an identity has no room for comes again.
/// </summary>
public sealed partial class InboxPump : IInboxRowTracker
{
    private readonly IInbox inbox;
    private readonly ShardOwnership ownership;
    private readonly IScopeMap scopes;
    private readonly InboxPumpOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger<InboxPump> logger;
    private readonly SettlingDesk desk;
    private readonly RowsInHand inHand;
    private readonly ConcurrentDictionary<long, bool> toConfirm = new();
    private Task? arriving;

    public InboxPump(
        IInbox inbox, ShardOwnership ownership, IScopeMap scopes, ICandidateSettler settler, InboxPumpOptions options, TimeProvider clock, ILogger<InboxPump> logger)
    {
        this.inbox = inbox;
        this.ownership = ownership;
        this.scopes = scopes;
        this.options = options;
        this.clock = clock;
        this.logger = logger;
        desk = new SettlingDesk(settler, options, clock, logger);
        inHand = new RowsInHand(clock);
    }

    /// <summary>The accounts whose captures wait, since what this node wrote to them is not recorded yet. Default: none.</summary>
    public Func<ImmutableHashSet<AccountId>> Unrecorded { get; init; } = static () => [];

    /// <summary>How many rows are with identities.</summary>
    public int RowsHandedOut => inHand.HandedOut;

    /// <summary>How many rows wait for their time to come again.</summary>
    public int RowsPutOff => inHand.PutOffCount;

    /// <summary>Runs until cancelled. Never fails.</summary>
    /// <param name="hand">Hands a message to an identity; false if it has no room for it now. Must not wait.</param>
    /// <param name="cancellationToken">Ends the pump.</param>
    public Task RunAsync(Func<IdentityId, IdentityMessage, bool> hand, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(hand);
        return Task.WhenAll(
            Repeating.RunAsync(token => PumpOnceAsync(hand, token), LogFailure, options.StorageRetryInterval, clock, cancellationToken),
            desk.RunAsync((row, verdict) => Hand(row, ToMessage(row, verdict), hand, refusals: 0), (row, after) => ComeBack(row.Sequence, after), cancellationToken));
    }

    public void Decided(long inboxSequence) => inHand.Remove(inboxSequence);

    public void ComeBack(long inboxSequence, TimeSpan after) => inHand.PutOff(inboxSequence, after);

    public void ConfirmFirst(long inboxSequence)
    {
        // Forgotten entries cost a question more, and no more than that.
        if (toConfirm.Count >= options.PutOffMax) toConfirm.Clear();
        toConfirm[inboxSequence] = true;
        ComeBack(inboxSequence, TimeSpan.Zero);
    }

    private async Task PumpOnceAsync(Func<IdentityId, IdentityMessage, bool> hand, CancellationToken cancellationToken)
    {
        // First of all what came due is let go: else rows that fill up what may be put off would stay there for ever.
        var except = inHand.TakeNotDue();
        var gain = ownership.NextGain;
        var epochs = ownership.Epochs;
        if (epochs.Count == 0 || inHand.PutOffCount >= options.PutOffMax)
        {
            await gain.WaitAsync(options.SurveyInterval, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        // Whole batches only: each read passes over all that is in hand.
        if (inHand.HandedOut > options.InHandMax - options.BatchMax)
        {
            var room = inHand.WhenHandedOutIsAtMostAsync(options.InHandMax - options.BatchMax);
            await room.WaitAsync(options.SurveyInterval, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        // Asked before the rows are read: what is recorded by then is read with them.
        var unrecorded = Unrecorded();
        var rows = await inbox.ReadAsync([.. epochs.Keys], except, options.BatchMax, cancellationToken).ConfigureAwait(false);
        HandOut([.. rows.Select(row => new ReadRow(unrecorded.Contains(row.Arrival.Account) ? Waiting(row) : row, epochs[row.Shard]))], hand);
        if (rows.Length < options.BatchMax) await WaitAsync(gain, cancellationToken).ConfigureAwait(false);
    }

    // For arrivals, or for shards that had some before they were this node's. A wait that a gain cuts short goes on beside the next look, and is waited for after it: so none that it
    // hears of is missed.
    private async Task WaitAsync(Task gain, CancellationToken cancellationToken)
    {
        var wait = arriving ??= inbox.WaitForArrivalsAsync(options.SurveyInterval, cancellationToken);
        await Task.WhenAny(wait, gain).ConfigureAwait(false);
        if (!wait.IsCompleted) return;
        arriving = null;
        await wait.ConfigureAwait(false);
    }

    private InboxRow Waiting(InboxRow row) => row with { OwnWrites = row.OwnWrites with { IntentOpenUntil = clock.GetUtcNow() + OwnWrites.IntentHold } };

    private void HandOut(ImmutableArray<ReadRow> rows, Func<IdentityId, IdentityMessage, bool> hand)
    {
        var refusals = new Dictionary<IdentityId, int>();
        foreach (var row in rows)
        {
            inHand.HandOut(row.Sequence, options.HandedOutMax);
            var refused = refusals.GetValueOrDefault(row.Identity);
            var taken = row.Arrival is Arrival.Ambiguous || toConfirm.TryRemove(row.Sequence, out _) ? HandToDesk(row) : Hand(row, ToMessage(row), hand, refused);
            if (!taken) refusals[row.Identity] = refused + 1;
        }
    }

    private bool HandToDesk(ReadRow row)
    {
        var taken = desk.TryTake(row);
        if (!taken) ComeBack(row.Sequence, options.SettlerRetryInterval);
        return taken;
    }

    // The more rows of one identity are refused at once, the later the last of them come again: a flood for one must not be read over and over.
    private bool Hand(ReadRow row, IdentityMessage message, Func<IdentityId, IdentityMessage, bool> hand, int refusals)
    {
        var taken = hand(row.Identity, message);
        if (!taken) ComeBack(row.Sequence, options.SurveyInterval * (1 + (refusals / options.RefusalsPerInterval)));
        return taken;
    }

    private IdentityMessage.Arrived ToMessage(ReadRow row) => row.Arrival switch
    {
        Arrival.Confirmed confirmed => Decide(row, confirmed.Change, confirmed.Scopes, lone: [], isConfirmed: false),
        Arrival.Report report => Note(row, report.CaptureId, report.Account, report.Verdict, report.CapturedAt, report.Trace, lone: []),
        _ => throw new InvalidOperationException($"Internal error: unknown arrival {row.Arrival.GetType().Name}."),
    };

    private IdentityMessage.Arrived ToMessage(ReadRow row, CandidateVerdict verdict)
    {
        if (row.Arrival is Arrival.Confirmed confirmed)
        {
            var (id, asked) = (confirmed.Change.CaptureId, confirmed.Change);
            return verdict is CandidateVerdict.Caused
                ? Decide(row, asked, confirmed.Scopes, lone: [], isConfirmed: true)
                : Note(row, id, asked.Account, CaptureVerdict.Unconfirmed, asked.Stages.CapturedAt, CaptureTrace.Of(asked), lone: [id]);
        }

        var ambiguous = (Arrival.Ambiguous)row.Arrival;
        var ids = ambiguous.Candidates.Select(candidate => candidate.Change.CaptureId).ToImmutableArray();
        var newest = ambiguous.Candidates[^1].Change;
        return verdict is CandidateVerdict.Caused { Change: var change }
            ? Decide(row, change, ambiguous.Scopes, lone: ids.Remove(change.CaptureId), isConfirmed: true)
            : Note(row, newest.CaptureId, newest.Account, CaptureVerdict.Unconfirmed, newest.Stages.CapturedAt, CaptureTrace.Of(newest), lone: ids);
    }

    private IdentityMessage.Arrived Decide(ReadRow row, Change change, ImmutableArray<string> matched, ImmutableArray<CaptureId> lone, bool isConfirmed) => new(
        row.Sequence, row.Epoch,
        now => new IdentityCommand.DecideCapture(now, change, scopes.PointsOf(change.Account.Source, matched), row.Row.OwnWrites.After(ownership.Gap)) { Scopes = matched, IsConfirmedAtSource = isConfirmed, Disabled = scopes.Disabled },
        lone);

    private static IdentityMessage.Arrived Note(
        ReadRow row, CaptureId captureId, AccountId account, CaptureVerdict verdict, DateTimeOffset capturedAt, CaptureTrace? trace, ImmutableArray<CaptureId> lone) => new(
            row.Sequence, row.Epoch, now => new IdentityCommand.NoteReport(now, captureId, account, verdict, capturedAt) { Trace = trace }, lone);

    private void LogFailure(Exception failure)
    {
        if (failure is StorageUnavailableException) LogStorageUnavailable(failure.Message);
        else LogBroke(failure.GetType(), failure.StackTrace);
    }

    [LoggerMessage(3201, LogLevel.Warning, "The inbox could not be read: {Reason}")]
    private partial void LogStorageUnavailable(string reason);

    [LoggerMessage(3203, LogLevel.Error, "Reading the inbox broke with {ExceptionType}; it is tried again.\n{StackTrace}")]
    private partial void LogBroke(Type exceptionType, string? stackTrace);
}
