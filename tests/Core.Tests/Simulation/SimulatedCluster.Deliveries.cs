using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Tests.Simulation;

internal sealed partial class SimulatedCluster
{
    /// <summary>A provider takes up the offer of a point, if there is one, and its attempt goes as told.</summary>
    public void Deliver(SyncPointId point, AttemptFate fate, TimeSpan lateness)
    {
        var offer = State.DueOffers(Now).FirstOrDefault(offer => offer.Point == point);
        if (offer is null) return;
        if (!secrets.Contains(offer.Change.CaptureId)) throw new InvalidOperationException("A delivery was offered whose secret is deleted.");
        if (Empty.Contains(offer.Change.CaptureId))
        {
            Perform(new IdentityCommand.RejectSecret(Now, offer.Change.CaptureId, "empty"));
            Obligations.Unusable(offer.Change.CaptureId);
            return;
        }

        if (ObstacleOf(fate) is { } obstacle)
        {
            Perform(new IdentityCommand.ReportObstacle(Now, point, offer.Change.CaptureId, obstacle, Jitter: 0));
            return;
        }

        Attempt(offer, fate, lateness);
    }

    /// <summary>An attempt that stayed in flight ends well, if its owner still lives.</summary>
    public void Land(SyncPointId point)
    {
        if (!answerable.TryGetValue(point, out var attempt) || attempt.Deadline <= Now) return;
        if (State.Points.GetValueOrDefault(point) is not PointState.InFlight flight || flight.Attempt.AttemptId != attempt.AttemptId) return;
        Targets[point].Set(flight.Delivery.CaptureId);
        Answer(point, attempt, new DeliveryOutcome.Delivered(Targets[point].Mark, null));
    }

    private void Attempt(Offer offer, AttemptFate fate, TimeSpan lateness)
    {
        var (point, change) = (offer.Point, offer.Change);
        var target = Targets[point];
        var id = new Guid(++attempts, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
        var account = new TargetAccount("key", "ann", null);
        if (Perform(new IdentityCommand.BeginAttempt(Now, point, change.CaptureId, id, Now + AttemptTimeout, account, target.Mark)).Refusal is not null) return;
        var attempt = ((PointState.InFlight)State.Points[point]).Attempt;
        answerable[point] = attempt;
        if (attempt.ProbeFirst && target.Has(attempt, change.CaptureId))
        {
            Answer(point, attempt, new DeliveryOutcome.AlreadyThere(target.Mark, null));
            return;
        }

        Ledger.NoteSending(point, change);
        switch (fate)
        {
            case AttemptFate.Succeeds when Refused.Contains((point, change.CaptureId)):
                Answer(point, attempt, new DeliveryOutcome.RefusedByPolicy("too short"));
                break;
            case AttemptFate.Succeeds:
                target.Set(change.CaptureId);
                Answer(point, attempt, new DeliveryOutcome.Delivered(target.Mark, null));
                break;
            case AttemptFate.Throttled:
                Answer(point, attempt, new DeliveryOutcome.Throttled(Now + TimeSpan.FromSeconds(7), "slow down"));
                break;
            case AttemptFate.AnswerLost:
                target.Set(change.CaptureId);
                Answer(point, attempt, new DeliveryOutcome.Unknown("connection lost"));
                break;
            case AttemptFate.RequestLost:
                Answer(point, attempt, new DeliveryOutcome.Unknown("connection lost"));
                break;
            case AttemptFate.LandsLate:
                target.SetLate(change.CaptureId, Now + lateness);
                Answer(point, attempt, new DeliveryOutcome.Unknown("time-out"));
                break;
            case AttemptFate.NeverAnswers:
                target.SetLate(change.CaptureId, Now + lateness);
                answerable.Remove(point);
                break;
            case AttemptFate.StaysInFlight:
                break;
            default:
                throw new InvalidOperationException($"Unknown fate {fate}.");
        }
    }

    private void Answer(SyncPointId point, Attempt attempt, DeliveryOutcome outcome)
    {
        answerable.Remove(point);
        Ledger.Answered(point);
        Perform(new IdentityCommand.FinishAttempt(Now, point, attempt.AttemptId, outcome, Jitter: 0.3));
    }

    private static DeliveryOutcome? ObstacleOf(AttemptFate fate) => fate switch
    {
        AttemptFate.AccountMissing => new DeliveryOutcome.AccountNotFound("nobody"),
        AttemptFate.Misconfigured => new DeliveryOutcome.TargetMisconfigured("certificate"),
        AttemptFate.Unreachable => new DeliveryOutcome.Transient("refused"),
        _ => null,
    };
}

/// <summary>How an attempt goes.</summary>
internal enum AttemptFate
{
    Succeeds,
    Unreachable,
    Throttled,
    AccountMissing,
    Misconfigured,
    AnswerLost,
    RequestLost,
    LandsLate,
    NeverAnswers,
    StaysInFlight,
}
