using PasswordSync.Actors;
using PasswordSync.Actors.Delivering;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Secrets;
using PasswordSync.Core.Stamps;
using PasswordSync.Providers.Contract;

namespace PasswordSync.SyncNode.Deliveries;

/// <summary>
/// Carries deliveries of one sync point out, step by step: open, find the account, claim it, ask for an attempt (which journals it), note the
/// intent where the target is a source itself, write, close the intent, tell the outcome. A crash between any two steps is repaired by the attempt's deadline and a probe.
/// </summary>
public sealed partial class Deliverer(SyncPointId point, IProvider provider, DelivererServices services, IIdentities identities, ShardOwnership ownership, ILogger<Deliverer> logger) : IDeliverer
{
    /// <summary>How often an outcome is told again when the identity could not be asked. After that the deadline and a probe find it out.</summary>
    private const int OutcomeTriesMax = 5;

    public async Task<PointRest?> DeliverAsync(IdentityId identity, Offer offer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(offer);
        try
        {
            return await CarryOutAsync(identity, offer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IdentityUnavailableException or StorageUnavailableException)
        {
            // The identity offers again what is still due.
            LogNotNow(point, offer.Change.CaptureId, failure.Message);
            return null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogBroken(point, offer.Change.CaptureId, failure.GetType().Name);
            return new PointRest(services.Clock.GetUtcNow() + services.Options.BrokenRest, IsUntouched: false);
        }
    }

    private async Task<PointRest?> CarryOutAsync(IdentityId identity, Offer offer, CancellationToken cancellationToken)
    {
        switch (await services.Envelopes.ReadAsync(offer.Change, cancellationToken).ConfigureAwait(false))
        {
            case SecretReading.Opened opened:
                using (opened.Secret) return await PrepareAsync(identity, offer, opened.Secret, cancellationToken).ConfigureAwait(false);
            case SecretReading.Unusable unusable:
                LogSecretUnusable(point, offer.Change.CaptureId, unusable.Reason);
                await identities.DecideAsync(identity, now => new IdentityCommand.RejectSecret(now, offer.Change.CaptureId, unusable.Reason), cancellationToken).ConfigureAwait(false);
                return null;
            default:
                return null;
        }
    }

    private async Task<PointRest?> PrepareAsync(IdentityId identity, Offer offer, Secret secret, CancellationToken cancellationToken)
    {
        var change = offer.Change;
        var preparation = await provider.PrepareAsync(new TargetQuery(change.CaptureId, change.Account, change.Names), cancellationToken).ConfigureAwait(false);
        if (preparation is Preparation.Found found && await FindConflictAsync(identity, found.Target, cancellationToken).ConfigureAwait(false) is { } conflict)
        {
            preparation = new Preparation.Obstacle(conflict);
        }

        switch (preparation)
        {
            case Preparation.Found { Target: var target, Mark: var mark }:
                return await AttemptAsync(identity, offer, secret, target, mark, cancellationToken).ConfigureAwait(false);
            case Preparation.Obstacle { Outcome: DeliveryOutcome.Throttled throttled }:
                return new PointRest(throttled.Until, IsUntouched: true);
            case Preparation.Obstacle { Outcome: var outcome }:
                LogObstacle(point, change.CaptureId, outcome.GetType().Name, outcome.Explain());
                await identities.DecideAsync(
                    identity, now => new IdentityCommand.ReportObstacle(now, point, change.CaptureId, outcome, services.Jitter()), cancellationToken).ConfigureAwait(false);
                return null;
            default:
                throw new InvalidOperationException($"Internal error: unknown preparation {preparation.GetType().Name}.");
        }
    }

    private async Task<DeliveryOutcome?> FindConflictAsync(IdentityId identity, TargetAccount target, CancellationToken cancellationToken)
    {
        var holder = await services.Claims.ClaimAsync(point, target.Key, identity, cancellationToken).ConfigureAwait(false);
        return holder == identity
            ? null
            : new DeliveryOutcome.TargetMisconfigured(
                $"Conflict: the target account '{target.DisplayName}' is already written for identity {holder}. Correct the matching rules, so that each person has an account of their own.");
    }

    private async Task<PointRest?> AttemptAsync(IdentityId identity, Offer offer, Secret secret, TargetAccount target, TargetMark? mark, CancellationToken cancellationToken)
    {
        var attemptId = Guid.NewGuid();
        var decision = await identities.DecideAsync(
            identity, now => new IdentityCommand.BeginAttempt(now, point, offer.Change.CaptureId, attemptId, DeadlineFrom(now), target, mark), cancellationToken).ConfigureAwait(false);
        if (decision.Events is not [IdentityEvent.AttemptStarted { Attempt: var attempt }])
        {
            LogNotGranted(point, offer.Change.CaptureId, decision.Refusal);
            return null;
        }

        var source = target.AsSourceAccount;
        if (source is { } account) await services.Accounts.OpenIntentAsync(account, attemptId, attempt.Deadline + services.Options.IntentHold, cancellationToken).ConfigureAwait(false);

        // From here on the outcome must be told whatever happens: a node that stops waits for it, within the attempt's deadline.
        var outcome = await services.Executor.ExecuteAsync(provider, attempt, offer.Change.CaptureId, mustChangeAtNextLogon: false, secret, cancellationToken).ConfigureAwait(false);
        if (source is { } written && outcome is not DeliveryOutcome.Unknown) await services.Accounts.CloseIntentAsync(written, attemptId, StampOf(outcome), CancellationToken.None).ConfigureAwait(false);
        LogOutcome(point, offer.Change.CaptureId, target.DisplayName, outcome.GetType().Name, outcome.Explain());
        await TellAsync(identity, attemptId, outcome).ConfigureAwait(false);
        return outcome is DeliveryOutcome.Throttled throttled ? new PointRest(throttled.Until, IsUntouched: false) : null;
    }

    // The deadline is the attempt's own time-out or what the lease leaves, whichever is earlier, less a margin in which the outcome can be told.
    private DateTimeOffset DeadlineFrom(DateTimeOffset now)
    {
        var byLease = ownership.RemainingTime - services.Options.LeaseMargin;
        var timeout = services.Options.AttemptTimeout;
        return now + (byLease < timeout ? byLease : timeout);
    }

    private async Task TellAsync(IdentityId identity, Guid attemptId, DeliveryOutcome outcome)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await identities.DecideAsync(identity, now => new IdentityCommand.FinishAttempt(now, point, attemptId, outcome, services.Jitter()), CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (IdentityUnavailableException) when (tries < OutcomeTriesMax)
            {
                await Task.Delay(services.Options.OutcomeRetryInterval, services.Clock, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private static Stamp? StampOf(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Delivered delivered => delivered.WrittenStamp,
        DeliveryOutcome.AlreadyThere found => found.WrittenStamp,
        _ => null,
    };
}
