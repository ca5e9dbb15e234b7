using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Decisions;

/// <summary>
/// Decides what a command means for an identity. Pure: the same state, command and rules give the same decision. Events must be appended and
/// applied before their consequences are carried out.
/// </summary>
public static class IdentityDecider
{
    public static Decision Decide(this IdentityState state, IdentityCommand command, DecisionRules rules)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(rules);
        return command switch
        {
            IdentityCommand.DecideCapture c => CaptureDecider.Decide(state, c, rules),
            IdentityCommand.NoteReport c => Note(state, c),
            IdentityCommand.AssignPoints c => new Decision(ScopeDecider.Reassign(state, c.Account, c.Points, c.Now), null, null),
            IdentityCommand.RejectSecret c => Reject(state, c),
            IdentityCommand.WakeUp c => Wake(state, c, rules),
            IdentityCommand.BeginAttempt c => AtPoint(state, c.Point, point => Begin(point, c)),
            IdentityCommand.FinishAttempt c => AtPoint(state, c.Point, point => Finish(point, c, rules)),
            IdentityCommand.ReportObstacle c => AtPoint(state, c.Point, point => Meet(point, c, rules)),
            IdentityCommand.MendPoint c => AtPoint(state, c.Point, point => Mend(point, c)),
            IdentityCommand.RetryDelivery c => AtPoint(state, c.Point, point => Retry(state, point, c)),
            IdentityCommand.DiscardDelivery c => AtPoint(state, c.Point, point => Discard(point, c)),
            IdentityCommand.ResendChange c => AtPoint(state, c.Point, point => Resend(state, point, c)),
            _ => throw new InvalidOperationException($"Internal error: unknown command {command.GetType().Name}."),
        };
    }

    private static Decision AtPoint(IdentityState state, SyncPointId id, Func<PointState, Decision> decide) =>
        state.Points.TryGetValue(id, out var point) ? decide(point) : Decision.Refuse(DecisionRefusal.PointNotAssigned);

    private static Decision Note(IdentityState state, IdentityCommand.NoteReport c) =>
        state.RecentCaptures.Contains(c.CaptureId)
            ? Decision.Nothing
            : Decision.Of(new IdentityEvent.CaptureReported(c.Now, c.CaptureId, c.Account, c.Verdict, c.CapturedAt) { Trace = c.Trace });

    private static Decision Begin(PointState point, IdentityCommand.BeginAttempt c) => point switch
    {
        PointState.Idle or PointState.Parked => Decision.Refuse(DecisionRefusal.NotTheCurrentDelivery),
        PointState.InFlight => Decision.Refuse(DecisionRefusal.AttemptInFlight),
        PointState.Waiting p when p.Delivery.CaptureId != c.CaptureId => Decision.Refuse(DecisionRefusal.NotTheCurrentDelivery),
        PointState.Rechecking p when p.Delivery.CaptureId != c.CaptureId => Decision.Refuse(DecisionRefusal.NotTheCurrentDelivery),
        PointState.Waiting p when p.DueAt > c.Now => Decision.Refuse(DecisionRefusal.NotDueYet),
        PointState.Rechecking p when p.DueAt > c.Now => Decision.Refuse(DecisionRefusal.NotDueYet),
        _ when point.Needed.Single().ExpiresAt <= c.Now => Decision.Refuse(DecisionRefusal.Expired),
        _ when c.Deadline <= c.Now => Decision.Refuse(DecisionRefusal.DeadlineTooShort),
        PointState.Waiting p => Start(c, AttemptKind.Write, p.Doubt.Unresolved?.Baseline, probeFirst: p.Doubt.Unresolved is not null),
        PointState.Rechecking p => Start(c, AttemptKind.Recheck, p.Mark, probeFirst: true),
        _ => throw Unreachable(point),
    };

    private static Decision Start(IdentityCommand.BeginAttempt c, AttemptKind kind, TargetMark? probeAgainst, bool probeFirst) =>
        Decision.Of(new IdentityEvent.AttemptStarted(
            c.Now, c.Point, c.CaptureId, new Attempt(c.AttemptId, kind, c.Now, c.Deadline, c.Target, c.Baseline, probeAgainst, probeFirst) { Node = c.Node }));

    private static Decision Finish(PointState point, IdentityCommand.FinishAttempt c, DecisionRules rules) => point switch
    {
        PointState.InFlight flight when flight.Attempt.AttemptId == c.AttemptId =>
            Decision.Of(Finished(flight, c.Point, c.Outcome, c.Now, c.Jitter, rules)),
        _ => Decision.Refuse(DecisionRefusal.AttemptNotCurrent),
    };

    private static IdentityEvent.AttemptFinished Finished(
        PointState.InFlight flight, SyncPointId point, DeliveryOutcome outcome, DateTimeOffset now, double jitter, DecisionRules rules) =>
        new(now, point, flight.Delivery.CaptureId, flight.Attempt.AttemptId, outcome,
            Sequels.OfAttempt(flight, outcome, now, jitter, rules.RetryPolicyOf(point), rules));

    private static Decision Meet(PointState point, IdentityCommand.ReportObstacle c, DecisionRules rules)
    {
        if (c.Outcome.IsSuccess) throw new ArgumentException("A success is not an obstacle.", nameof(c));
        var (delivery, dueAt, kind) = point switch
        {
            PointState.Waiting p => (p.Delivery, p.DueAt, AttemptKind.Write),
            PointState.Rechecking p => (p.Delivery, p.DueAt, AttemptKind.Recheck),
            _ => (null, c.Now, AttemptKind.Write),
        };
        if (delivery is null || delivery.CaptureId != c.CaptureId) return Decision.Refuse(DecisionRefusal.NotTheCurrentDelivery);

        // The same offer was carried out twice and the first has been told of: counting both would tear through the limit of attempts.
        if (dueAt > c.Now) return Decision.Refuse(DecisionRefusal.NotDueYet);
        var sequel = Sequels.OfFailure(delivery, kind, c.Outcome, c.Now, c.Jitter, rules.RetryPolicyOf(c.Point));
        return Decision.Of(new IdentityEvent.ObstacleMet(c.Now, c.Point, c.CaptureId, c.Outcome, sequel));
    }

    private static Decision Wake(IdentityState state, IdentityCommand.WakeUp c, DecisionRules rules)
    {
        var events = ImmutableArray.CreateBuilder<IdentityEvent>();
        foreach (var (id, point) in state.Points)
        {
            switch (point)
            {
                case PointState.InFlight flight when flight.Attempt.Deadline + rules.DeadlineGrace <= c.Now && !rules.HasOutcome(flight.Attempt.AttemptId):
                    var unknown = new DeliveryOutcome.Unknown("No answer came before the attempt's deadline.");
                    events.Add(Finished(flight, id, unknown, c.Now, c.Jitter, rules));
                    break;
                case PointState.Rechecking p when p.Delivery.Change.ExpiresAt <= c.Now:
                    events.Add(new IdentityEvent.DeliveryEnded(c.Now, id, p.Delivery.CaptureId, DeliveryEnd.Delivered, "It could not be checked again before it expired."));
                    break;
                case PointState.Waiting or PointState.Parked when point.Needed.Single() is var change && change.ExpiresAt <= c.Now:
                    events.Add(new IdentityEvent.DeliveryEnded(c.Now, id, change.CaptureId, DeliveryEnd.Expired, "It became older than the maximum age."));
                    break;
            }
        }

        return Decision.Of(events.ToImmutable());
    }

    private static Decision Reject(IdentityState state, IdentityCommand.RejectSecret c) => Decision.Of(
    [
        .. from entry in state.Points
           let end = EndWithoutSecret(entry.Value, c.CaptureId)
           where end is not null
           select (IdentityEvent)new IdentityEvent.DeliveryEnded(c.Now, entry.Key, c.CaptureId, end.Value, c.Reason),
    ]);

    private static DeliveryEnd? EndWithoutSecret(PointState point, CaptureId captureId) => point switch
    {
        _ when point.Unsent?.CaptureId == captureId => DeliveryEnd.SecretUnusable,
        PointState.InFlight { AfterFlight: AfterFlight.Continue } p when p.Delivery.CaptureId == captureId => DeliveryEnd.SecretUnusable,
        PointState.Rechecking p when p.Delivery.CaptureId == captureId => DeliveryEnd.Delivered,
        _ => null,
    };

    private static Decision Mend(PointState point, IdentityCommand.MendPoint c) => point is PointState.Waiting { AwaitsMend: true } waiting && waiting.DueAt > c.Now
        ? Decision.Of(new IdentityEvent.DeliveryQueued(c.Now, c.Point, waiting.Delivery.CaptureId, c.Now))
        : Decision.Refuse(DecisionRefusal.NothingToDo);

    private static Decision Retry(IdentityState state, PointState point, IdentityCommand.RetryDelivery c) => point switch
    {
        PointState.InFlight => Decision.Refuse(DecisionRefusal.AttemptInFlight),
        PointState.Idle { IsMissed: true } => Resend(state, point, new IdentityCommand.ResendChange(c.Now, c.Point)),
        PointState.Idle => Decision.Refuse(DecisionRefusal.NothingToDo),
        _ when point.Needed.Single().ExpiresAt <= c.Now => Decision.Refuse(DecisionRefusal.Expired),
        PointState.Waiting or PointState.Parked => Decision.Of(new IdentityEvent.DeliveryQueued(c.Now, c.Point, point.Needed.Single().CaptureId, c.Now)),
        PointState.Rechecking => Decision.Refuse(DecisionRefusal.NothingToDo),
        _ => throw Unreachable(point),
    };

    private static Decision Discard(PointState point, IdentityCommand.DiscardDelivery c) => point switch
    {
        _ when point.Unsent is { } unsent => Decision.Of(new IdentityEvent.DeliveryEnded(c.Now, c.Point, unsent.CaptureId, DeliveryEnd.Discarded, c.Reason)),
        PointState.InFlight => Decision.Refuse(DecisionRefusal.AttemptInFlight),
        PointState.Idle or PointState.Rechecking => Decision.Refuse(DecisionRefusal.NothingToDo),
        _ => throw Unreachable(point),
    };

    private static Decision Resend(IdentityState state, PointState point, IdentityCommand.ResendChange c) => state.Newest switch
    {
        null => Decision.Refuse(DecisionRefusal.NoChangeYet),
        _ when point is PointState.InFlight => Decision.Refuse(DecisionRefusal.AttemptInFlight),
        var newest when newest.ExpiresAt <= c.Now => Decision.Refuse(DecisionRefusal.Expired),
        _ when state.Deliverable is null => Decision.Refuse(DecisionRefusal.NotTheCurrentDelivery),
        var newest when !state.NeedsSecret(newest.CaptureId) => Decision.Refuse(DecisionRefusal.SecretGone),
        var newest => Decision.Of(new IdentityEvent.DeliveryQueued(c.Now, c.Point, newest.CaptureId, c.Now)),
    };

    private static InvalidOperationException Unreachable(PointState point) => new($"Internal error: unknown point state {point.GetType().Name}.");
}
