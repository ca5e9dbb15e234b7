using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PasswordSync.Actors.Identities;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>
/// Takes what remains in the inbox of the node's shards and hands it to the identities. There is no cursor: a row that is not in hand is taken,
/// whatever its number.
/// </summary>
public sealed partial class InboxPump(
    IInbox inbox, ShardOwnership ownership, IScopeMap scopes, ICandidateSettler settler, InboxPumpOptions options, TimeProvider clock, ILogger<InboxPump> logger) : IInboxRowTracker, IDisposable
{
    private readonly ConcurrentDictionary<long, DateTimeOffset> inHand = new();
    private readonly SemaphoreSlim settling = new(options.SettlingMax);
    private readonly ConcurrentDictionary<long, Task> settlements = new();

    /// <summary>How many rows are with identities, or wait for their time to come again.</summary>
    public int RowsInHand => inHand.Count;

    /// <summary>Runs until cancelled.</summary>
    /// <param name="hand">Hands a message to an identity; waits while its mailbox is full.</param>
    /// <param name="cancellationToken">Ends the pump.</param>
    public async Task RunAsync(Func<InboxRow, IdentityMessage, CancellationToken, ValueTask> hand, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(hand);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var taken = await PumpOnceAsync(hand, cancellationToken).ConfigureAwait(false);
                if (taken < options.BatchMax) await inbox.WaitForArrivalsAsync(options.SurveyInterval, cancellationToken).ConfigureAwait(false);
            }
            catch (StorageUnavailableException failure)
            {
                LogStorageUnavailable(failure.Message);
                await Task.Delay(options.StorageRetryInterval, clock, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
        }

        await Task.WhenAll(settlements.Values).ConfigureAwait(false);
    }

    public void Decided(long inboxSequence) => inHand.TryRemove(inboxSequence, out _);

    public void ComeBack(long inboxSequence, TimeSpan after) => inHand[inboxSequence] = clock.GetUtcNow() + after;

    public void Dispose() => settling.Dispose();

    private async Task<int> PumpOnceAsync(Func<InboxRow, IdentityMessage, CancellationToken, ValueTask> hand, CancellationToken cancellationToken)
    {
        var shards = ownership.Shards;
        var room = Math.Min(options.BatchMax, options.InHandMax - inHand.Count);
        if (shards.Count == 0 || room <= 0) return 0;
        var rows = await inbox.ReadAsync(shards, NotDue(), room, cancellationToken).ConfigureAwait(false);
        foreach (var row in rows)
        {
            inHand[row.Sequence] = DateTimeOffset.MaxValue;
            if (row.Arrival is Arrival.Ambiguous ambiguous) settlements[row.Sequence] = SettleAsync(row, ambiguous, hand, cancellationToken);
            else await hand(row, ToMessage(row), cancellationToken).ConfigureAwait(false);
        }

        return rows.Length;
    }

    private HashSet<long> NotDue()
    {
        var now = clock.GetUtcNow();
        return [.. from entry in inHand where entry.Value > now select entry.Key];
    }

    private IdentityMessage.Arrived ToMessage(InboxRow row) => row.Arrival switch
    {
        Arrival.Confirmed confirmed => Decide(row, confirmed.Change, confirmed.Scopes, lone: []),
        Arrival.Report report => new IdentityMessage.Arrived(
            row.Sequence, now => new IdentityCommand.NoteReport(now, report.CaptureId, report.Account, report.Verdict, report.CapturedAt), []),
        _ => throw new InvalidOperationException($"Internal error: unknown arrival {row.Arrival.GetType().Name}."),
    };

    private IdentityMessage.Arrived Decide(InboxRow row, Change change, ImmutableArray<string> matched, ImmutableArray<CaptureId> lone) => new(
        row.Sequence,
        now => new IdentityCommand.DecideCapture(now, change, scopes.PointsOf(change.Account.Source, matched), row.OwnWrites),
        lone);

    private async Task SettleAsync(
        InboxRow row, Arrival.Ambiguous ambiguous, Func<InboxRow, IdentityMessage, CancellationToken, ValueTask> hand, CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            await settling.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                var verdict = await settler.SettleAsync(ambiguous, cancellationToken).ConfigureAwait(false);
                if (verdict is CandidateVerdict.TryAgain again) ComeBack(row.Sequence, again.After);
                else await hand(row, ToMessage(row, ambiguous, verdict), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                settling.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            ComeBack(row.Sequence, TimeSpan.Zero);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // A settler that breaks must not lose the row: it comes again, slowly.
            LogSettlerFailed(row.Sequence, failure.GetType().Name);
            ComeBack(row.Sequence, options.SettlerRetryInterval);
        }
        finally
        {
            settlements.TryRemove(row.Sequence, out _);
        }
    }

    private IdentityMessage.Arrived ToMessage(InboxRow row, Arrival.Ambiguous ambiguous, CandidateVerdict verdict)
    {
        var ids = ambiguous.Candidates.Select(candidate => candidate.Change.CaptureId).ToImmutableArray();
        if (verdict is CandidateVerdict.Caused caused)
        {
            return Decide(row, caused.Change, ambiguous.Scopes, [.. ids.Where(id => id != caused.Change.CaptureId)]);
        }

        var newest = ambiguous.Candidates[^1].Change;
        return new IdentityMessage.Arrived(
            row.Sequence,
            now => new IdentityCommand.NoteReport(now, newest.CaptureId, newest.Account, CaptureVerdict.Unconfirmed, newest.Stages.CapturedAt),
            ids);
    }

    [LoggerMessage(3201, LogLevel.Warning, "The inbox could not be read: {Reason}")]
    private partial void LogStorageUnavailable(string reason);

    [LoggerMessage(3202, LogLevel.Error, "Candidates of inbox row {Row} could not be settled ({Failure}); they are tried again.")]
    private partial void LogSettlerFailed(long row, string failure);
}

/// <summary>The bounds of an <see cref="InboxPump"/>.</summary>
public sealed record InboxPumpOptions
{
    /// <summary>How many rows are read at once. Default 500.</summary>
    public int BatchMax { get; init; } = 500;

    /// <summary>How many rows may be with identities or wait for their time. Default 4,000.</summary>
    public int InHandMax { get; init; } = 4_000;

    /// <summary>How often the inbox is looked at when nothing tells of arrivals. Default 0.25 s.</summary>
    public TimeSpan SurveyInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long to wait after a database failure. Default 1 s.</summary>
    public TimeSpan StorageRetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many ambiguous rows are settled at once. Default 8.</summary>
    public int SettlingMax { get; init; } = 8;

    /// <summary>When a row comes again whose settler broke. Default 30 s.</summary>
    public TimeSpan SettlerRetryInterval { get; init; } = TimeSpan.FromSeconds(30);
}
