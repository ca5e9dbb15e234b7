using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Providers.Contract;

namespace PasswordSync.SyncNode.Deliveries;

/// <summary>
/// Looks, once the intent to write to an account of a source is recorded and before anything is written, whether the account or the one that the change comes from has
/// got a newer password meanwhile. Docs: docs/adr/0010-changes-on-both-sides.md.
/// </summary>
internal sealed class MutualCheck(IProvider provider, IAccountStore accounts, ShardOwnership ownership, DelivererServices services)
{
    /// <returns>Null if the change may be written; else the attempt's outcome. Throws nothing, and ends by the attempt's deadline.</returns>
    public async Task<DeliveryOutcome?> FindConflictAsync(AccountId target, Attempt attempt, Offer offer, CancellationToken cancellationToken)
    {
        var change = offer.Change;
        var remaining = attempt.Deadline - services.Clock.GetUtcNow();
        if (remaining <= TimeSpan.Zero) return new DeliveryOutcome.Transient("The attempt's deadline passed before the password was sent.");
        using var atDeadline = new CancellationTokenSource(remaining, services.Clock);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, atDeadline.Token);
        try
        {
            var present = await LookAsync(attempt, offer, ending.Token).ConfigureAwait(false);
            if (present.Obstacle is { } obstacle) return obstacle;
            var atTarget = await accounts.ReadOwnWritesAsync(target, ending.Token).ConfigureAwait(false);
            var atSource = await accounts.ReadOwnWritesAsync(change.Account, ending.Token).ConfigureAwait(false);
            return MutualTargets.Judge(change, target, present.Found?.PresentStamp, atTarget, atSource.After(ownership.Gap), services.Clock.GetUtcNow(), services.Rules()) switch
            {
                MutualVerdict.Write => null,
                MutualVerdict.Wait => new DeliveryOutcome.Transient("Something is being written to the account that this change comes from; nothing was sent yet."),
                MutualVerdict.Overwritten => new DeliveryOutcome.Overtaken("This product has written a newer password to the account that this change comes from."),
                MutualVerdict.TargetIsNewer => new DeliveryOutcome.Overtaken($"'{attempt.Target.DisplayName}' has a password of its own that was set later, at {present.Found!.PresentStamp!.Value.OriginatingTime:u}."),
                var verdict => throw new InvalidOperationException($"Internal error: unknown verdict {verdict}."),
            };
        }
        catch (StorageUnavailableException)
        {
            return new DeliveryOutcome.Transient("The database could not be asked what was written to the account; nothing was sent.");
        }
#pragma warning disable CA1031 // Nothing was sent yet, whatever broke; told as an outcome, it leaves no attempt to be guessed about.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return new DeliveryOutcome.Transient($"Looking at the account before the write ended with {failure.GetType().Name}; nothing was sent.");
        }
    }

    // In doubt, what is there may be ours without anybody knowing it, and of a recheck it is ours or what landed late: then only what this product knows counts.
    private async Task<(Preparation.Found? Found, DeliveryOutcome? Obstacle)> LookAsync(Attempt attempt, Offer offer, CancellationToken cancellationToken)
    {
        if (attempt.Kind == AttemptKind.Recheck || offer.Doubt.IsOpenAt(services.Clock.GetUtcNow(), services.Options.IntentHold)) return (null, null);
        var query = new TargetQuery(offer.Change.CaptureId, offer.Change.Account, offer.Change.Names);
        return await provider.PrepareAsync(query, cancellationToken).ConfigureAwait(false) switch
        {
            Preparation.Found found when found.Target.Key == attempt.Target.Key => (found, null),
            Preparation.Found => (null, new DeliveryOutcome.Transient("Another account matches than a moment ago; nothing was sent.")),
            Preparation.Obstacle { Outcome: DeliveryOutcome.Throttled throttled } => (null, new DeliveryOutcome.Transient(throttled.Reason)),
            Preparation.Obstacle found => (null, found.Outcome),
            var other => throw new InvalidOperationException($"Internal error: unknown preparation {other.GetType().Name}."),
        };
    }
}
