using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Tests.Simulation;

/// <summary>
/// The decider with everything around it simulated: captures that come twice and out of order, targets that fail in every way, owners that crash with
/// attempts in flight. Checks I3 and I6 at every step.
/// </summary>
internal sealed class SimulatedCluster
{
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(10);

    private readonly Dictionary<SyncPointId, Attempt> answerable = [];
    private readonly Dictionary<SyncPointId, DateTimeOffset> unanswered = [];
    private readonly Dictionary<SyncPointId, List<Change>> sent = [];
    private readonly HashSet<(SyncPointId, CaptureId)> open = [];
    private readonly DecisionRules rules = DecisionRules.Default with { RetryPolicies = ImmutableDictionary<SyncPointId, RetryPolicy>.Empty };
    private int attempts;

    public SimulatedCluster(params string[] points)
    {
        Points = [.. points.Select(name => new SyncPointId(name))];
        Targets = Points.ToDictionary(point => point, _ => new SimulatedTarget());
    }

    public ImmutableSortedSet<SyncPointId> Points { get; }

    public Dictionary<SyncPointId, SimulatedTarget> Targets { get; }

    public IdentityState State { get; private set; } = IdentityState.Initial;

    public List<IdentityEvent> Journal { get; } = [];

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Changes that the target at hand refuses by its policy.</summary>
    public HashSet<(SyncPointId, CaptureId)> Refused { get; } = [];

    public void Advance(TimeSpan by)
    {
        Now += by;
        foreach (var target in Targets.Values) target.Advance(Now);
        Perform(new IdentityCommand.WakeUp(Now, Jitter: 0.5));
    }

    public Decision Arrive(Change change) => Perform(new IdentityCommand.DecideCapture(Now, change, Points, OwnWrites.None));

    /// <summary>The owner dies: nobody will answer for the attempts in flight, though what they sent may land yet.</summary>
    public void Crash()
    {
        answerable.Clear();
        State = Journal.Aggregate(IdentityState.Initial, (state, happened) => state.Apply(happened));
    }

    /// <summary>A provider takes up the offer of a point, if there is one, and its attempt goes as told.</summary>
    public void Deliver(SyncPointId point, AttemptFate fate, TimeSpan lateness)
    {
        var offer = State.DueOffers(Now).FirstOrDefault(offer => offer.Point == point);
        if (offer is null) return;
        var target = Targets[point];
        if (fate is AttemptFate.AccountMissing or AttemptFate.Unreachable or AttemptFate.Misconfigured)
        {
            Perform(new IdentityCommand.ReportObstacle(Now, point, offer.Change.CaptureId, Obstacle(fate), Jitter: 0));
            return;
        }

        var account = new TargetAccount("key", "ann", null);
        var id = new Guid(++attempts, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
        var decision = Perform(new IdentityCommand.BeginAttempt(Now, point, offer.Change.CaptureId, id, Now + AttemptTimeout, account, target.Mark));
        if (decision.Refusal is not null) return;
        var attempt = ((PointState.InFlight)State.Points[point]).Attempt;
        if (unanswered.TryGetValue(point, out var deadline) && deadline > Now)
        {
            throw new InvalidOperationException($"I3 broken: an attempt began at {point} while an unanswered one may still be writing.");
        }

        answerable[point] = attempt;
        unanswered[point] = attempt.Deadline;
        if (attempt.ProbeFirst && target.Has(attempt, offer.Change.CaptureId))
        {
            Answer(point, attempt, new DeliveryOutcome.AlreadyThere(target.Mark, null));
            return;
        }

        NoteWrite(point, offer.Change);
        switch (fate)
        {
            case AttemptFate.Succeeds when Refused.Contains((point, offer.Change.CaptureId)):
                Answer(point, attempt, new DeliveryOutcome.RefusedByPolicy("too short"));
                break;
            case AttemptFate.Succeeds:
                target.Set(offer.Change.CaptureId);
                Answer(point, attempt, new DeliveryOutcome.Delivered(target.Mark, null));
                break;
            case AttemptFate.Throttled:
                Answer(point, attempt, new DeliveryOutcome.Throttled(Now + TimeSpan.FromSeconds(7), "slow down"));
                break;
            case AttemptFate.AnswerLost:
                target.Set(offer.Change.CaptureId);
                Answer(point, attempt, new DeliveryOutcome.Unknown("connection lost"));
                break;
            case AttemptFate.RequestLost:
                Answer(point, attempt, new DeliveryOutcome.Unknown("connection lost"));
                break;
            case AttemptFate.LandsLate:
                target.SetLate(offer.Change.CaptureId, Now + lateness);
                Answer(point, attempt, new DeliveryOutcome.Unknown("time-out"));
                break;
            case AttemptFate.NeverAnswers:
                target.SetLate(offer.Change.CaptureId, Now + lateness);
                answerable.Remove(point);
                break;
            case AttemptFate.StaysInFlight:
                break;
            default:
                throw new InvalidOperationException($"Unknown fate {fate}.");
        }
    }

    /// <summary>An attempt that stayed in flight ends well, if its owner still lives.</summary>
    public void Land(SyncPointId point)
    {
        if (!answerable.TryGetValue(point, out var attempt) || attempt.Deadline <= Now) return;
        if (State.Points[point] is not PointState.InFlight flight || flight.Attempt.AttemptId != attempt.AttemptId) return;
        Targets[point].Set(flight.Delivery.CaptureId);
        Answer(point, attempt, new DeliveryOutcome.Delivered(Targets[point].Mark, null));
    }

    public Decision Perform(IdentityCommand command)
    {
        var decision = State.Decide(command, rules);
        foreach (var happened in decision.Events)
        {
            Account(happened);
            State = State.Apply(happened);
            Journal.Add(happened);
        }

        return decision;
    }

    /// <summary>Everything works again and time goes by until nothing is left to do.</summary>
    public void Quiesce()
    {
        const int roundsMax = 10_000;
        for (var round = 0; round < roundsMax; round++)
        {
            foreach (var point in Points) Land(point);
            foreach (var point in Points) Deliver(point, AttemptFate.Succeeds, TimeSpan.Zero);
            var parkedOnly = State.Points.Values.All(point => point is PointState.Idle or PointState.Parked);
            if (parkedOnly) return;
            Advance(State.NextWakeUp(rules) is { } at && at > Now ? at - Now : TimeSpan.FromSeconds(1));
        }

        throw new InvalidOperationException("It did not come to rest: " + string.Join(", ", State.Points.Values));
    }

    private void Answer(SyncPointId point, Attempt attempt, DeliveryOutcome outcome)
    {
        answerable.Remove(point);
        unanswered.Remove(point);
        Perform(new IdentityCommand.FinishAttempt(Now, point, attempt.AttemptId, outcome, Jitter: 0.3));
    }

    private static DeliveryOutcome Obstacle(AttemptFate fate) => fate switch
    {
        AttemptFate.AccountMissing => new DeliveryOutcome.AccountNotFound("nobody"),
        AttemptFate.Misconfigured => new DeliveryOutcome.TargetMisconfigured("certificate"),
        _ => new DeliveryOutcome.Transient("refused"),
    };

    // I3: once a newer change was sent to a target, an older one is not sent to it.
    private void NoteWrite(SyncPointId point, Change change)
    {
        if (!sent.TryGetValue(point, out var before)) sent[point] = before = [];
        if (before.FirstOrDefault(other => SimulatedDomain.Beats(other, change)) is { } newer)
        {
            throw new InvalidOperationException($"I3 broken at {point}: {change.Stamp} was sent after {newer.Stamp}.");
        }

        before.Add(change);
    }

    // I6: each delivery is opened once and ended once, and one attempt at a time is in flight, also past crashes.
    private void Account(IdentityEvent happened)
    {
        switch (happened)
        {
            case IdentityEvent.DeliveryQueued e:
                if (!open.Add((e.Point, e.CaptureId))) throw new InvalidOperationException($"I6 broken: {e.CaptureId} was queued twice at {e.Point}.");
                break;
            case IdentityEvent.DeliveryEnded e:
                Close(e.Point, e.CaptureId, isRecheck: State.Points[e.Point] is PointState.Rechecking);
                break;
            case IdentityEvent.AttemptStarted e when State.Points[e.Point] is PointState.InFlight:
                throw new InvalidOperationException($"I3 broken: two attempts in flight at {e.Point}.");
            case IdentityEvent.AttemptFinished { Sequel: AttemptSequel.Settled or AttemptSequel.NextDue or AttemptSequel.Withdrawn or AttemptSequel.RecheckAt } e:
                Close(e.Point, e.CaptureId, isRecheck: State.Points[e.Point] is PointState.InFlight { Attempt.Kind: AttemptKind.Recheck });
                break;
        }
    }

    private void Close(SyncPointId point, CaptureId captureId, bool isRecheck)
    {
        if (!isRecheck && !open.Remove((point, captureId))) throw new InvalidOperationException($"I6 broken: {captureId} ended twice at {point}.");
    }

    /// <summary>The deliveries that were queued and have no end yet.</summary>
    public IReadOnlyCollection<(SyncPointId Point, CaptureId CaptureId)> OpenDeliveries => open;
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
