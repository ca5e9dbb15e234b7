using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;

namespace PasswordSync.SyncNode.Deliveries;

/// <summary>
/// Records around a write to an account that is itself a source's that it is ours: its echo comes back as a capture. While it is not certain which stamp the
/// write caused, the intent stays open, and with it captures of the account wait; nothing is told that would let it be closed for good.
/// </summary>
internal sealed class WriteIntents(IAccountStore accounts, DelivererOptions options, TimeProvider clock)
{
    /// <summary>Records the intent. Nothing may be written without it.</summary>
    /// <returns>Null if it is recorded; else how the attempt ended.</returns>
    public async Task<WriteEnd?> TryOpenAsync(AccountId account, Attempt attempt, Offer offer, CancellationToken cancellationToken)
    {
        try
        {
            await accounts.OpenIntentAsync(account, attempt.AttemptId, attempt.Deadline + options.IntentHold, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (Exception failure) when (failure is StorageUnavailableException or OperationCanceledException)
        {
            // It may be recorded all the same.
            return Close(account, attempt, offer, new DeliveryOutcome.Transient("The database could not take the intent to write; nothing was sent."));
        }
    }

    /// <summary>What is to be told, and what must be recorded before: what the write caused, and that the intent is closed where that is certain.</summary>
    public WriteEnd Close(AccountId account, Attempt attempt, Offer offer, DeliveryOutcome outcome)
    {
        var stamp = StampOf(outcome);
        if (outcome is DeliveryOutcome.Unknown) return new WriteEnd(outcome);
        if (outcome.IsSuccess && stamp is null && !WroteNothing(attempt, outcome))
        {
            return new WriteEnd(new DeliveryOutcome.Unknown("The password was set, but the stamp that it got could not be read: its echo could not be told from a change.") { Server = outcome.Server });
        }

        // One id, however often it is recorded.
        var afterWrite = Guid.NewGuid();
        return new WriteEnd(outcome) { RecordFirst = () => RecordAsync(account, attempt, afterWrite, offer, outcome, stamp) };
    }

    // A recheck that finds our write in place: its stamp was recorded when it was made.
    private static bool WroteNothing(Attempt attempt, DeliveryOutcome outcome) => attempt.Kind == AttemptKind.Recheck && outcome is DeliveryOutcome.AlreadyThere;

    // While an earlier attempt may have landed unnoticed, or may land yet, what comes from the account later than the stamp known by now goes on waiting, until a
    // probe has found it, a recheck was made or its time is over: taken for a change of the person, an old password of ours would be sent back over a newer one.
    private async Task RecordAsync(AccountId account, Attempt attempt, Guid afterWrite, Offer offer, DeliveryOutcome outcome, Stamp? stamp)
    {
        // Of what was in doubt when the write ended.
        var now = clock.GetUtcNow();
        var ended = attempt.EndedBy(now);
        var isInDoubt = offer.Doubt.After(attempt, offer.Change.CaptureId, outcome, ended).IsOpenAt(ended, options.IntentHold);
        if (isInDoubt && !outcome.IsSuccess) return;
        if (isInDoubt && attempt.Kind == AttemptKind.Write) await accounts.OpenIntentAsync(account, afterWrite, now + options.IntentHoldAfterWrite, CancellationToken.None).ConfigureAwait(false);
        await accounts.CloseIntentAsync(account, attempt.AttemptId, stamp, new ChangeOrigin(offer.Change.Account, offer.Change.Stamp), CancellationToken.None).ConfigureAwait(false);
    }

    private static Stamp? StampOf(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Delivered delivered => delivered.WrittenStamp,
        DeliveryOutcome.AlreadyThere found => found.WrittenStamp,
        _ => null,
    };
}

/// <summary>How an attempt ended.</summary>
internal sealed record WriteEnd(DeliveryOutcome Outcome)
{
    /// <summary>What must be recorded before the outcome is told; null for nothing.</summary>
    public Func<Task>? RecordFirst { get; init; }
}
