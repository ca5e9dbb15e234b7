using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Decisions;

/// <summary>Applies events to a state. Total: an event it does not know, or one that does not fit the state, is a broken journal and throws.</summary>
public static class IdentityFold
{
    /// <exception cref="InvalidOperationException">The event does not fit the state; the message names both, without their contents.</exception>
    public static IdentityState Apply(this IdentityState state, IdentityEvent happened)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(happened);
        var next = happened switch
        {
            IdentityEvent.CaptureAccepted e => state.Accept(e),
            IdentityEvent.CaptureIgnored { Reason: IgnoreReason.Duplicate } => state,
            IdentityEvent.CaptureIgnored e => state.Remember(e.CaptureId).Saw(e.Account.Source, e.Stamp),
            IdentityEvent.CaptureReported e => state.Remember(e.CaptureId),
            IdentityEvent.AccountScoped e => e.Joined.Aggregate(state.Scope(e.Scope), (folded, point) => folded.Assign(e, point)),
            IdentityEvent.PointAssigned e => state.Assign(e, e.Point),
            IdentityEvent.PointWithdrawn e => state.Withdraw(e, state.PointOf(e, e.Point)),
            IdentityEvent.DeliveryQueued e => state.WithPoint(e.Point, Queue(state.PointOf(e, e.Point), e, state.Newest)),
            IdentityEvent.DeliveryEnded e => state.WithPoint(e.Point, End(state.PointOf(e, e.Point), e)),
            IdentityEvent.AttemptStarted e => state.WithPoint(e.Point, Start(state.PointOf(e, e.Point), e)),
            IdentityEvent.AttemptFinished e => state.Finish(e, state.PointOf(e, e.Point)),
            IdentityEvent.ObstacleMet e => state.WithPoint(e.Point, Meet(state.PointOf(e, e.Point), e)),
            _ => throw new InvalidOperationException($"Internal error: unknown event {happened.GetType().Name}."),
        };
        return next with { Sequence = state.Sequence + 1 };
    }

    private static IdentityState Accept(this IdentityState state, IdentityEvent.CaptureAccepted accepted)
    {
        var change = accepted.Change;
        var known = state.Remember(change.CaptureId).Saw(change.Account.Source, change.Stamp) with { Newest = change };
        return accepted.Queued.Aggregate(known, (folded, point) => folded.WithPoint(point, Queue(folded.PointOf(accepted, point), accepted, change, dueAt: accepted.At)));
    }

    private static IdentityState Remember(this IdentityState state, CaptureId captureId)
    {
        var recent = state.RecentCaptures.Add(captureId);
        return state with { RecentCaptures = recent.Count > IdentityState.RecentCapturesMax ? recent.RemoveAt(0) : recent };
    }

    private static IdentityState Saw(this IdentityState state, SourceId source, Stamp stamp) =>
        state.LatestStamps.TryGetValue(source, out var latest) && latest >= stamp
            ? state
            : state with { LatestStamps = state.LatestStamps.SetItem(source, stamp) };

    private static IdentityState Scope(this IdentityState state, AccountScope scope)
    {
        var others = state.Scopes.RemoveAll(known => known.Account == scope.Account);
        return state with { Scopes = scope.Points.IsEmpty ? others : others.Add(scope) };
    }

    private static IdentityState WithPoint(this IdentityState state, SyncPointId point, PointState next) => state with { Points = state.Points.SetItem(point, next) };

    private static IdentityState Without(this IdentityState state, SyncPointId point, Doubt doubt) => state with
    {
        Points = state.Points.Remove(point),
        LeftInDoubt = doubt == Doubt.None ? state.LeftInDoubt : state.LeftInDoubt.SetItem(point, doubt),
    };

    private static PointState PointOf(this IdentityState state, IdentityEvent happened, SyncPointId point) =>
        state.Points.GetValueOrDefault(point) ?? throw Misfit(happened, point: null);

    // A point that comes back while an attempt of its last stay is in flight goes on with it only if that is still the change to send.
    private static IdentityState Assign(this IdentityState state, IdentityEvent happened, SyncPointId joined) => state.Points.GetValueOrDefault(joined) switch
    {
        null => state.WithPoint(joined, new PointState.Idle(null, state.LeftInDoubt.GetValueOrDefault(joined, Doubt.None))) with { LeftInDoubt = state.LeftInDoubt.Remove(joined) },
        PointState.InFlight { AfterFlight: AfterFlight.Withdraw } flight => state.WithPoint(
            joined, flight with { AfterFlight = flight.Delivery.CaptureId == state.Deliverable?.CaptureId ? AfterFlight.Continue : AfterFlight.Supersede }),
        var point => throw Misfit(happened, point),
    };

    private static IdentityState Withdraw(this IdentityState state, IdentityEvent.PointWithdrawn withdrawn, PointState point) => point switch
    {
        PointState.Idle or PointState.Rechecking => state.Without(withdrawn.Point, point.Doubt),
        PointState.InFlight { Next: null, AfterFlight: not AfterFlight.Withdraw } flight => state.WithPoint(withdrawn.Point, flight with { AfterFlight = AfterFlight.Withdraw }),
        _ => throw Misfit(withdrawn, point),
    };

    private static PointState Queue(PointState point, IdentityEvent.DeliveryQueued queued, Change? newest)
    {
        var change = point.Needed.Append(newest).FirstOrDefault(change => change?.CaptureId == queued.CaptureId) ?? throw Misfit(queued, point);
        return Queue(point, queued, change, queued.DueAt);
    }

    private static PointState Queue(PointState point, IdentityEvent happened, Change change, DateTimeOffset dueAt)
    {
        var delivery = new Delivery(change, FailedAttempts: 0);
        return point switch
        {
            PointState.InFlight { Next: null, AfterFlight: not AfterFlight.Withdraw } flight when flight.Delivery.CaptureId != change.CaptureId => flight with { Next = delivery },
            PointState.Idle or PointState.Rechecking => new PointState.Waiting(delivery, dueAt, LastFailure: null, point.Doubt.TurningTo(change.CaptureId)),
            PointState.Waiting or PointState.Parked when point.Unsent!.CaptureId == change.CaptureId => new PointState.Waiting(delivery, dueAt, LastFailure: null, point.Doubt),
            _ => throw Misfit(happened, point),
        };
    }

    // A newer change that ends behind an attempt in flight takes that attempt's change with it: the account has had another password since.
    private static PointState End(PointState point, IdentityEvent.DeliveryEnded ended) => point switch
    {
        PointState.Waiting p when p.Delivery.CaptureId == ended.CaptureId => Settle(ended, point.Doubt),
        PointState.Parked p when p.Delivery.CaptureId == ended.CaptureId => Settle(ended, point.Doubt),
        PointState.Rechecking p when p.Delivery.CaptureId == ended.CaptureId => Settle(ended, point.Doubt),
        PointState.InFlight { Next: { } next } flight when next.CaptureId == ended.CaptureId =>
            flight with { Next = null, AfterFlight = flight.AfterFlight == AfterFlight.Continue ? AfterFlight.Supersede : flight.AfterFlight },
        PointState.InFlight { AfterFlight: not AfterFlight.Withdraw } flight when flight.Delivery.CaptureId == ended.CaptureId =>
            flight with { AfterFlight = AfterFlightOf(ended, flight) },
        _ => throw Misfit(ended, point),
    };

    private static AfterFlight AfterFlightOf(IdentityEvent.DeliveryEnded ended, PointState.InFlight flight) => ended.End switch
    {
        DeliveryEnd.Superseded => AfterFlight.Supersede,
        DeliveryEnd.SecretUnusable => AfterFlight.GiveUp,
        _ => throw Misfit(ended, flight),
    };

    private static PointState.Idle Settle(IdentityEvent.DeliveryEnded ended, Doubt doubt) =>
        new(new Settlement(ended.CaptureId, ended.End, ended.Reason, ended.At), doubt);

    private static PointState.InFlight Start(PointState point, IdentityEvent.AttemptStarted started) => point switch
    {
        PointState.Waiting waiting when waiting.Delivery.CaptureId == started.CaptureId =>
            new(waiting.Delivery, started.Attempt, Next: null, AfterFlight.Continue, waiting.Doubt),
        PointState.Rechecking rechecking when rechecking.Delivery.CaptureId == started.CaptureId =>
            new(rechecking.Delivery, started.Attempt, Next: null, AfterFlight.Continue, rechecking.Doubt),
        _ => throw Misfit(started, point),
    };

    private static IdentityState Finish(this IdentityState state, IdentityEvent.AttemptFinished finished, PointState point)
    {
        if (point is not PointState.InFlight flight || flight.Attempt.AttemptId != finished.AttemptId) throw Misfit(finished, point);
        var doubt = flight.Doubt.After(flight.Attempt, finished.CaptureId, finished.Outcome, finished.At);
        return (finished.Sequel, flight) switch
        {
            (AttemptSequel.Withdrawn, { Next: null, AfterFlight: AfterFlight.Withdraw }) => state.Without(finished.Point, doubt),
            (AttemptSequel.NextDue, { Next: { } next, AfterFlight: not AfterFlight.Withdraw }) =>
                state.WithPoint(finished.Point, new PointState.Waiting(next, finished.At, LastFailure: null, doubt.TurningTo(next.CaptureId))),
            (_, { Next: null, AfterFlight: not AfterFlight.Withdraw }) => state.WithPoint(
                finished.Point,
                Follow(finished, flight.Delivery, KindAfter(flight.Attempt.Kind, finished.Outcome), MarkAfter(flight.Attempt, finished.Outcome), doubt, finished.Sequel, finished.Outcome)),
            _ => throw Misfit(finished, point),
        };
    }

    // A recheck that may have written is from then on a write with unknown outcome: to be probed for, and tried again.
    private static AttemptKind KindAfter(AttemptKind kind, DeliveryOutcome outcome) => outcome is DeliveryOutcome.Unknown ? AttemptKind.Write : kind;

    private static TargetMark? MarkAfter(Attempt attempt, DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Delivered delivered => delivered.Mark,
        DeliveryOutcome.AlreadyThere found => found.Mark,
        _ => attempt.Kind == AttemptKind.Recheck ? attempt.ProbeAgainst : null,
    };

    private static PointState Meet(PointState point, IdentityEvent.ObstacleMet met) => point switch
    {
        PointState.Waiting p when p.Delivery.CaptureId == met.CaptureId => Follow(met, p.Delivery, AttemptKind.Write, mark: null, p.Doubt, met.Sequel, met.Outcome),
        PointState.Rechecking p when p.Delivery.CaptureId == met.CaptureId => Follow(met, p.Delivery, AttemptKind.Recheck, p.Mark, p.Doubt, met.Sequel, met.Outcome),
        _ => throw Misfit(met, point),
    };

    private static PointState Follow(
        IdentityEvent happened, Delivery delivery, AttemptKind kind, TargetMark? mark, Doubt doubt, AttemptSequel sequel, DeliveryOutcome outcome) => sequel switch
        {
            AttemptSequel.Settled settled => new PointState.Idle(new Settlement(delivery.CaptureId, settled.End, outcome.Explain(), happened.At), doubt),
            AttemptSequel.RetryAt retry when kind == AttemptKind.Recheck => new PointState.Rechecking(delivery.Counted(retry.Counts), retry.At, mark, doubt),
            AttemptSequel.RetryAt retry => new PointState.Waiting(delivery.Counted(retry.Counts), retry.At, outcome.Explain(), doubt) { AwaitsMend = outcome is DeliveryOutcome.TargetMisconfigured },
            AttemptSequel.Park park => new PointState.Parked(delivery.Counted(park.Reason == ParkReason.AttemptsExhausted), park.Reason, outcome.Explain() ?? "", doubt),
            AttemptSequel.RecheckAt recheck when kind == AttemptKind.Write && outcome.IsSuccess =>
                new PointState.Rechecking(delivery with { FailedAttempts = 0 }, recheck.At, mark, doubt),
            _ => throw new InvalidOperationException($"Internal error: the sequel {sequel.GetType().Name} of {happened.GetType().Name} does not fit the delivery."),
        };

    private static Delivery Counted(this Delivery delivery, bool counts) => counts ? delivery with { FailedAttempts = delivery.FailedAttempts + 1 } : delivery;

    private static InvalidOperationException Misfit(IdentityEvent happened, PointState? point) =>
        new($"Internal error: the event {happened.GetType().Name} does not fit {(point is null ? "a point that is not assigned" : "the state " + point.GetType().Name)}.");
}
