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
            IdentityEvent.CaptureAccepted e => state.Remember(e.Change.CaptureId).Saw(e.Change.Account.Source, e.Change.Stamp) with { Newest = e.Change },
            IdentityEvent.CaptureIgnored { Reason: IgnoreReason.Duplicate } => state,
            IdentityEvent.CaptureIgnored e => state.Remember(e.CaptureId).Saw(e.Account.Source, e.Stamp),
            IdentityEvent.CaptureReported e => state.Remember(e.CaptureId),
            IdentityEvent.PointAssigned e => state.WithPoint(e.Point, Assign(state.Points.GetValueOrDefault(e.Point), state.Newest)),
            IdentityEvent.PointWithdrawn e => state.WithPoint(e.Point, Withdraw(state.Points[e.Point])),
            IdentityEvent.DeliveryQueued e => state.WithPoint(e.Point, Queue(state.Points[e.Point], e, state.ChangeOf(e))),
            IdentityEvent.DeliveryEnded e => state.WithPoint(e.Point, End(state.Points[e.Point], e)),
            IdentityEvent.AttemptStarted e => state.WithPoint(e.Point, Start(state.Points[e.Point], e)),
            IdentityEvent.AttemptFinished e => state.WithPoint(e.Point, Finish(state.Points[e.Point], e)),
            IdentityEvent.ObstacleMet e => state.WithPoint(e.Point, Meet(state.Points[e.Point], e)),
            _ => throw Misfit(happened, state: null),
        };
        return next with { Sequence = state.Sequence + 1 };
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

    private static IdentityState WithPoint(this IdentityState state, SyncPointId point, PointState? next) =>
        state with { Points = next is null ? state.Points.Remove(point) : state.Points.SetItem(point, next) };

    private static Change ChangeOf(this IdentityState state, IdentityEvent.DeliveryQueued queued) =>
        state.Points[queued.Point].Needed.Append(state.Newest).FirstOrDefault(change => change?.CaptureId == queued.CaptureId)
        ?? throw Misfit(queued, state.Points[queued.Point]);

    // A point that comes back while an attempt of its last stay is in flight goes on with it only if that is still the newest change.
    private static PointState Assign(PointState? point, Change? newest) => point switch
    {
        null => new PointState.Idle(null, Doubt.None),
        PointState.InFlight { AfterFlight: AfterFlight.Withdraw } flight =>
            flight with { AfterFlight = flight.Delivery.CaptureId == newest?.CaptureId ? AfterFlight.Continue : AfterFlight.Supersede },
        _ => point,
    };

    private static PointState.InFlight? Withdraw(PointState point) =>
        point is PointState.InFlight flight ? flight with { Next = null, AfterFlight = AfterFlight.Withdraw } : null;

    private static PointState Queue(PointState point, IdentityEvent.DeliveryQueued queued, Change change) => point switch
    {
        PointState.InFlight flight => flight with { Next = new Delivery(change, FailedAttempts: 0) },
        _ => new PointState.Waiting(new Delivery(change, FailedAttempts: 0), queued.DueAt, LastFailure: null, point.Doubt.TurningTo(change.CaptureId)),
    };

    private static PointState End(PointState point, IdentityEvent.DeliveryEnded ended) => point switch
    {
        PointState.Waiting { Delivery: var delivery } when delivery.CaptureId == ended.CaptureId => Settle(ended, point.Doubt),
        PointState.Parked { Delivery: var delivery } when delivery.CaptureId == ended.CaptureId => Settle(ended, point.Doubt),
        PointState.Rechecking { Delivery: var delivery } when delivery.CaptureId == ended.CaptureId => Settle(ended, point.Doubt with { LateRiskSince = null }),
        PointState.InFlight { Next: { } next } flight when next.CaptureId == ended.CaptureId => flight with { Next = null },
        PointState.InFlight flight when flight.Delivery.CaptureId == ended.CaptureId =>
            flight with { AfterFlight = ended.End == DeliveryEnd.Superseded ? AfterFlight.Supersede : AfterFlight.GiveUp },
        _ => throw Misfit(ended, point),
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

    private static PointState? Finish(PointState point, IdentityEvent.AttemptFinished finished)
    {
        if (point is not PointState.InFlight flight || flight.Attempt.AttemptId != finished.AttemptId) throw Misfit(finished, point);
        var doubt = finished.Outcome switch
        {
            DeliveryOutcome.Unknown => flight.Doubt.AfterUnknown(finished.CaptureId, flight.Attempt.Baseline, finished.At),
            DeliveryOutcome.AlreadyThere when flight.Attempt.Kind == AttemptKind.Write => flight.Doubt.AfterFound(finished.CaptureId),
            _ => flight.Doubt,
        };
        var mark = finished.Outcome switch
        {
            DeliveryOutcome.Delivered delivered => delivered.Mark,
            DeliveryOutcome.AlreadyThere found => found.Mark,
            _ => null,
        };
        return Follow(flight.Delivery, flight.Next, mark, flight.Attempt.Kind, doubt, finished.Sequel, finished.Outcome.Explain(), finished.At);
    }

    private static PointState? Meet(PointState point, IdentityEvent.ObstacleMet met) => point switch
    {
        PointState.Waiting waiting when waiting.Delivery.CaptureId == met.CaptureId =>
            Follow(waiting.Delivery, next: null, mark: null, AttemptKind.Write, waiting.Doubt, met.Sequel, met.Outcome.Explain(), met.At),
        PointState.Rechecking rechecking when rechecking.Delivery.CaptureId == met.CaptureId =>
            Follow(rechecking.Delivery, next: null, rechecking.Mark, AttemptKind.Recheck, rechecking.Doubt, met.Sequel, met.Outcome.Explain(), met.At),
        _ => throw Misfit(met, point),
    };

    private static PointState? Follow(
        Delivery delivery, Delivery? next, TargetMark? mark, AttemptKind kind, Doubt doubt, AttemptSequel sequel, string? explanation, DateTimeOffset at) => sequel switch
        {
            AttemptSequel.Settled settled => new PointState.Idle(
                new Settlement(delivery.CaptureId, settled.End, explanation, at), kind == AttemptKind.Recheck ? doubt with { LateRiskSince = null } : doubt),
            AttemptSequel.RetryAt retry when kind == AttemptKind.Recheck => new PointState.Rechecking(delivery.Counted(retry), retry.At, mark, doubt),
            AttemptSequel.RetryAt retry => new PointState.Waiting(delivery.Counted(retry), retry.At, explanation, doubt),
            AttemptSequel.Park park => new PointState.Parked(delivery, park.Reason, explanation ?? "", doubt),
            AttemptSequel.RecheckAt recheck => new PointState.Rechecking(delivery with { FailedAttempts = 0 }, recheck.At, mark, doubt),
            AttemptSequel.NextDue when next is not null => new PointState.Waiting(next, at, LastFailure: null, doubt.TurningTo(next.CaptureId)),
            AttemptSequel.Withdrawn => null,
            _ => throw new InvalidOperationException($"Internal error: the sequel {sequel.GetType().Name} does not fit the delivery."),
        };

    private static Delivery Counted(this Delivery delivery, AttemptSequel.RetryAt retry) =>
        retry.Counts ? delivery with { FailedAttempts = delivery.FailedAttempts + 1 } : delivery;

    private static InvalidOperationException Misfit(IdentityEvent happened, PointState? state) =>
        new($"Internal error: the event {happened.GetType().Name} does not fit {(state is null ? "any rule" : "the state " + state.GetType().Name)}.");
}
