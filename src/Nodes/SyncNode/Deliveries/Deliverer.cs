using PasswordSync.Actors;
using PasswordSync.Actors.Delivering;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;

namespace PasswordSync.SyncNode.Deliveries;

/// <summary>
/// Carries deliveries of one sync point out, step by step: open, find the account, claim it, ask for an attempt (which journals it), note the
/// intent where the target is a source itself, write, close the intent, tell the outcome. A crash between any two steps is repaired by the attempt's deadline and a probe.
/// </summary>
public sealed partial class Deliverer(
    SyncPointId point, IProvider provider, DelivererServices services, IIdentities identities, ShardOwnership ownership, HeldOutcomes outcomes, ILogger<Deliverer> logger) : IDeliverer
{
    private readonly AccountClaims claims = new(point, provider, services.Claims, identities, logger);
    private readonly MutualCheck mutual = new(provider, services.Accounts, ownership, services);
    private readonly WriteIntents intents = new(services.Accounts, services.Options, services.Clock);

    public async Task<PointRest?> DeliverAsync(IdentityId identity, Offer offer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(offer);

        // What the provider logs on the way belongs to this change, too.
        using var scope = OfCapture(logger, offer.Change.CaptureId);
        try
        {
            return await CarryOutAsync(identity, offer, cancellationToken).ConfigureAwait(false);
        }
        catch (IdentityUnavailableException failure)
        {
            // The identity offers again what is still due.
            LogNotNow(point, offer.Change.CaptureId, failure.Message);
            return null;
        }
        catch (StorageUnavailableException failure)
        {
            LogNotNow(point, offer.Change.CaptureId, failure.Message);
            return new PointRest(services.Clock.GetUtcNow() + services.Options.StorageRest, IsUntouched: true) { Why = "The database cannot be used." };
        }
#pragma warning disable CA1031 // Whatever is wrong with this delivery must not hold up those of others; the identity offers it again, more and more slowly.
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogBroken(point, offer.Change.CaptureId, failure.GetType(), failure.StackTrace);
            return null;
        }
    }

    private async Task<PointRest?> CarryOutAsync(IdentityId identity, Offer offer, CancellationToken cancellationToken)
    {
        using var use = await services.Secrets.ReadAsync(offer.Change, cancellationToken).ConfigureAwait(false);
        switch (use.Reading)
        {
            case SecretReading.Opened opened:
                return await PrepareAsync(identity, offer, opened.Secret, cancellationToken).ConfigureAwait(false);
            case SecretReading.Unusable unusable:
                await RejectAsync(identity, offer, unusable.Reason, cancellationToken).ConfigureAwait(false);
                return null;

            case SecretReading.KeyMissing missing:
                await ReportAsync(identity, offer, new DeliveryOutcome.Transient(missing.Reason), cancellationToken).ConfigureAwait(false);
                return null;

            // Of an expired change the secret may be swept before the identity has noted its end.
            case SecretReading.Gone when offer.Change.ExpiresAt > services.Clock.GetUtcNow():
                await RejectAsync(identity, offer, "The sealed secret is gone from the database.", cancellationToken).ConfigureAwait(false);
                return null;
            default:
                return null;
        }
    }

    private async Task RejectAsync(IdentityId identity, Offer offer, string reason, CancellationToken cancellationToken)
    {
        var decision = await identities.DecideAsync(identity, now => new IdentityCommand.RejectSecret(now, offer.Change.CaptureId, reason), cancellationToken).ConfigureAwait(false);

        // Without events nobody needs it any more: the offer was from before a newer change.
        if (!decision.Events.IsEmpty) LogSecretUnusable(point, offer.Change.CaptureId, reason);
    }

    private async Task<PointRest?> PrepareAsync(IdentityId identity, Offer offer, Secret secret, CancellationToken cancellationToken)
    {
        var change = offer.Change;
        var preparation = await FindAsync(new TargetQuery(change.CaptureId, change.Account, change.Names), cancellationToken).ConfigureAwait(false);
        if (preparation is Preparation.Found found && await claims.FindConflictAsync(identity, change, found.Target, cancellationToken).ConfigureAwait(false) is { } conflict)
        {
            preparation = new Preparation.Obstacle(conflict);
        }

        switch (preparation)
        {
            case Preparation.Found { Target: var target, Mark: var mark }:
                return await AttemptAsync(identity, offer, secret, target, mark, cancellationToken).ConfigureAwait(false);
            case Preparation.Obstacle { Outcome: DeliveryOutcome.Throttled throttled }:
                return new PointRest(throttled.Until, IsUntouched: true) { Why = throttled.Explain() };
            case Preparation.Obstacle { Outcome: var outcome }:
                await ReportAsync(identity, offer, outcome, cancellationToken).ConfigureAwait(false);
                return null;
            default:
                throw new InvalidOperationException($"Internal error: unknown preparation {preparation.GetType().Name}.");
        }
    }

    private async Task ReportAsync(IdentityId identity, Offer offer, DeliveryOutcome outcome, CancellationToken cancellationToken)
    {
        var captureId = offer.Change.CaptureId;
        LogObstacle(point, captureId, outcome.GetType().Name, outcome.Explain());
        await identities.DecideAsync(identity, now => new IdentityCommand.ReportObstacle(now, point, captureId, outcome, services.Jitter()), cancellationToken).ConfigureAwait(false);
    }

    private async Task<Preparation> FindAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        try
        {
            return await provider.PrepareAsync(query, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A provider may be anyone's code, and what it breaks over may be this one account: an outcome like any other.
        catch (Exception failure) when (failure is not StorageUnavailableException && !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogBroken(point, query.CaptureId, failure.GetType(), failure.StackTrace);
            return new Preparation.Obstacle(new DeliveryOutcome.Transient($"The provider failed with {failure.GetType().Name} while it looked for the account."));
        }
    }

    private async Task<PointRest?> AttemptAsync(IdentityId identity, Offer offer, Secret secret, TargetAccount target, TargetMark? mark, CancellationToken cancellationToken)
    {
        // More outcomes than can be held must not come to be: what cannot be recorded would be sent again.
        if (outcomes.IsFull)
        {
            LogNotNow(point, offer.Change.CaptureId, $"{outcomes.Count} outcomes of other deliveries could not be recorded yet.");
            return new PointRest(services.Clock.GetUtcNow() + services.Options.StorageRest, IsUntouched: true) { Why = "Outcomes of other deliveries could not be recorded yet." };
        }

        // Of a shard that is handed over, nothing is begun; until this ends, the shard is not given back.
        var flight = ownership.TryBegin(identity);
        if (flight is null)
        {
            LogHandedOver(point, offer.Change.CaptureId);
            return null;
        }

        AttemptOutcome? ended = null;
        try
        {
            ended = await BeginAsync(identity, offer, target, mark, cancellationToken).ConfigureAwait(false) is var (attempt, window)
                ? await EndAsync(identity, attempt, window, offer, secret, cancellationToken).ConfigureAwait(false)
                : null;
        }
        finally
        {
            if (ended is null) flight.Dispose();
        }

        if (ended is null) return null;
        await outcomes.TellAsync(ended with { Flight = flight }).ConfigureAwait(false);
        return ended.Outcome is DeliveryOutcome.Throttled throttled ? new PointRest(throttled.Until, IsUntouched: false) { Why = throttled.Explain() } : null;
    }

    private async Task<(Attempt Attempt, WriteWindow Window)?> BeginAsync(IdentityId identity, Offer offer, TargetAccount target, TargetMark? mark, CancellationToken cancellationToken)
    {
        var attemptId = Guid.NewGuid();
        var window = default(WriteWindow);
        var decision = await identities.DecideAsync(
            identity,
            now =>
            {
                window = NextWindow();
                return new IdentityCommand.BeginAttempt(now, point, offer.Change.CaptureId, attemptId, now + window.Length, target, mark) { Node = services.Node };
            },
            cancellationToken).ConfigureAwait(false);
        if (decision.Events is [IdentityEvent.AttemptStarted { Attempt: var attempt }]) return (attempt, window);
        LogNotGranted(point, offer.Change.CaptureId, decision.Refusal);
        return null;
    }

    // From here on the outcome must be told whatever happens: a node that stops waits for it, within the attempt's deadline.
    private async Task<AttemptOutcome> EndAsync(IdentityId identity, Attempt attempt, WriteWindow window, Offer offer, Secret secret, CancellationToken cancellationToken)
    {
        var startedAt = services.Clock.GetUtcNow();
        var ended = await WriteAsync(attempt, window, offer, secret, cancellationToken).ConfigureAwait(false);
        var outcome = ended.Outcome;
        if (outcome.IsSuccess) services.Metrics?.Delivered(point, offer.Change, startedAt, services.Clock.GetUtcNow());
        LogOutcome(point, offer.Change.CaptureId, attempt.Target.DisplayName, outcome.GetType().Name, outcome.Explain());
        return new AttemptOutcome(identity, point, offer.Change.CaptureId, attempt, outcome) { RecordFirst = ended.RecordFirst };
    }

    private async Task<WriteEnd> WriteAsync(Attempt attempt, WriteWindow window, Offer offer, Secret secret, CancellationToken cancellationToken)
    {
        if (attempt.Target.AsSourceAccount is not { } account) return new WriteEnd(await ExecuteAsync(attempt, window, offer, secret, cancellationToken).ConfigureAwait(false));
        if (account == offer.Change.Account) return new WriteEnd(new DeliveryOutcome.AlreadyThere(attempt.Baseline, offer.Change.Stamp));
        if (await intents.TryOpenAsync(account, attempt, offer, cancellationToken).ConfigureAwait(false) is { } obstacle) return obstacle;
        if (await mutual.FindConflictAsync(account, attempt, offer, cancellationToken).ConfigureAwait(false) is { } conflict) return intents.Close(account, attempt, offer, conflict);
        var outcome = await ExecuteAsync(attempt, window, offer, secret, cancellationToken).ConfigureAwait(false);

        // The password is there, but which stamp it got is not known: its echo could not be told from a change. Written once more, it can.
        if (attempt.Kind == AttemptKind.Write && outcome is DeliveryOutcome.AlreadyThere { WrittenStamp: null })
        {
            outcome = await ExecuteAsync(attempt with { ProbeFirst = false }, window, offer, secret, cancellationToken).ConfigureAwait(false);
        }

        return intents.Close(account, attempt, offer, outcome);
    }

    private Task<DeliveryOutcome> ExecuteAsync(Attempt attempt, WriteWindow window, Offer offer, Secret secret, CancellationToken cancellationToken) =>
        services.Executor.ExecuteAsync(provider, attempt, window, offer.Change.CaptureId, offer.Change.MustChangeAtNextLogon, secret, cancellationToken);

    // The attempt's own time-out or what the lease leaves, whichever is shorter, less a margin in which the outcome can be told. It counts from here, before the
    // attempt is recorded: a node that is stopped after this finds its window over, whatever its clock says then.
    private WriteWindow NextWindow()
    {
        var since = services.Clock.GetTimestamp();
        var byLease = ownership.RemainingTime - services.Options.LeaseMargin;
        var timeout = services.Options.AttemptTimeout;
        return new WriteWindow(since, byLease < timeout ? byLease : timeout);
    }
}
