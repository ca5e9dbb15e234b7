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
    /// <summary>How often closing is tried.</summary>
    private const int ClosingTriesMax = 5;

    /// <summary>Records the intent. Nothing may be written without it.</summary>
    /// <returns>Null if it is recorded; else the attempt's outcome.</returns>
    public async Task<DeliveryOutcome?> TryOpenAsync(AccountId account, Attempt attempt, Offer offer, CancellationToken cancellationToken)
    {
        try
        {
            await accounts.OpenIntentAsync(account, attempt.AttemptId, attempt.Deadline + options.IntentHold, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (Exception failure) when (failure is StorageUnavailableException or OperationCanceledException)
        {
            // It may be recorded all the same.
            return await CloseAsync(account, attempt, offer, new DeliveryOutcome.Transient("The database could not take the intent to write; nothing was sent.")).ConfigureAwait(false);
        }
    }

    /// <summary>Records what the write caused, and closes the intent where that is certain.</summary>
    /// <returns>The outcome to tell.</returns>
    public async Task<DeliveryOutcome> CloseAsync(AccountId account, Attempt attempt, Offer offer, DeliveryOutcome outcome)
    {
        var stamp = StampOf(outcome);
        if (outcome is DeliveryOutcome.Unknown) return outcome;
        if (outcome.IsSuccess && stamp is null && !WroteNothing(attempt, outcome))
        {
            return new DeliveryOutcome.Unknown("The password was set, but the stamp that it got could not be read: its echo could not be told from a change.") { Server = outcome.Server };
        }

        var closed = await EndAsync(account, attempt, offer, outcome, stamp).ConfigureAwait(false);
        return closed || !outcome.IsSuccess ? outcome : new DeliveryOutcome.Unknown("The password was set, but the database could not take the stamp that it got.") { Server = outcome.Server };
    }

    // A recheck that finds our write in place: its stamp was recorded when it was made.
    private static bool WroteNothing(Attempt attempt, DeliveryOutcome outcome) => attempt.Kind == AttemptKind.Recheck && outcome is DeliveryOutcome.AlreadyThere;

    // While an earlier attempt may have landed unnoticed, or may land yet, what comes from the account later than the stamp known by now goes on waiting, until a
    // probe has found it, a recheck was made or its time is over: taken for a change of the person, an old password of ours would be sent back over a newer one.
    private async Task<bool> EndAsync(AccountId account, Attempt attempt, Offer offer, DeliveryOutcome outcome, Stamp? stamp)
    {
        var now = clock.GetUtcNow();
        var isInDoubt = offer.Doubt.After(attempt, offer.Change.CaptureId, outcome, now).IsOpenAt(now, options.IntentHold);
        if (isInDoubt && !outcome.IsSuccess) return true;
        var goesOnWaiting = isInDoubt && attempt.Kind == AttemptKind.Write;
        return await TryAsync(async () =>
        {
            if (goesOnWaiting) await accounts.OpenIntentAsync(account, Guid.NewGuid(), now + options.IntentHoldAfterWrite, CancellationToken.None).ConfigureAwait(false);
            await accounts.CloseIntentAsync(account, attempt.AttemptId, stamp, new ChangeOrigin(offer.Change.Account, offer.Change.Stamp), CancellationToken.None).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private async Task<bool> TryAsync(Func<Task> end)
    {
        for (var tries = 1; tries <= ClosingTriesMax; tries++)
        {
            try
            {
                await end().ConfigureAwait(false);
                return true;
            }
            catch (StorageUnavailableException)
            {
                await Task.Delay(options.OutcomeRetryInterval, clock, CancellationToken.None).ConfigureAwait(false);
            }
        }

        return false;
    }

    private static Stamp? StampOf(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Delivered delivered => delivered.WrittenStamp,
        DeliveryOutcome.AlreadyThere found => found.WrittenStamp,
        _ => null,
    };
}
