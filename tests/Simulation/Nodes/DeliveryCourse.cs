using PasswordSync.Actors.Delivering;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Providers.Contract;
using PasswordSync.Simulation.World;

namespace PasswordSync.Simulation.Nodes;

/// <summary>
/// One delivery, in the deliverer's steps: read the mark, ask for an attempt, probe, check the deadline last, write, tell the outcome. Between any two steps
/// the process may stop or die; a write that has left goes on without it. An outcome that cannot be told is held, and the course goes on telling it when it has given its place up.
/// </summary>
internal sealed class DeliveryCourse(Surroundings around, SimulatedNode node, SyncPointId point, IdentityId identity, Offer offer, Action whenEnded)
{
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LeaseMargin = TimeSpan.FromMilliseconds(500);
    private static readonly HeldOutcomesOptions Holding = new();
    private static readonly TargetAccount Account = new("key", "ann", null);

    private readonly EventLine line = around.Line;
    private readonly NodeClock clock = node.Clock;
    private IDisposable? flight;

    private Target Target => around.TargetOf(identity, point);

    public void Begin()
    {
        if (line.Happens(around.Weather.TargetTrouble))
        {
            node.Decide(identity, now => new IdentityCommand.ReportObstacle(now, point, offer.Change.CaptureId, new DeliveryOutcome.Transient("unreachable"), Jitter: 0.5), _ => Ended());
            return;
        }

        AtTarget(() => Target.Mark, AskForAttempt);
    }

    private void AskForAttempt(TargetMark mark)
    {
        flight = node.Ownership.TryBegin(identity);
        if (flight is null)
        {
            Ended();
            return;
        }

        var bytes = new byte[16];
        line.Random.NextBytes(bytes);
        var id = new Guid(bytes);
        var window = default(WriteWindow);
        node.Decide(
            identity,
            now =>
            {
                window = NextWindow();
                return new IdentityCommand.BeginAttempt(now, point, offer.Change.CaptureId, id, now + window.Length, Account, mark);
            },
            decision =>
            {
                if (decision?.Events is [IdentityEvent.AttemptStarted { Attempt: var attempt }]) Next(() => Execute(attempt, window));
                else Ended();
            });
    }

    private void Execute(Attempt attempt, WriteWindow window)
    {
        var permit = new WritePermit(attempt.Deadline, window, clock);
        if (!attempt.ProbeFirst) Next(() => CheckDeadline(attempt, permit));
        else AtTarget(() => (Has: Target.Has(attempt, offer.Change.CaptureId), Target.Mark), seen =>
        {
            if (seen.Has) Finish(attempt, new DeliveryOutcome.AlreadyThere(seen.Mark, null));
            else Next(() => CheckDeadline(attempt, permit));
        });
    }

    private void CheckDeadline(Attempt attempt, WritePermit permit)
    {
        if (around.Bugs.HeedsDeadlines && permit.Use() is { } tooLate)
        {
            Finish(attempt, tooLate);
            return;
        }

        around.Judge.Sent(node.Id, identity, point, offer.Change.CaptureId);
        var checkedAt = line.Now;
        Next(() => Write(attempt, permit, checkedAt));
    }

    // The process may stop between any two steps, as any process may between any two instructions.
    private void Next(Action step)
    {
        if (line.Happens(around.Weather.Stops)) around.Stop(node);
        clock.Run(line.Soon(), step);
    }

    private void Write(Attempt attempt, WritePermit permit, TimeSpan checkedAt)
    {
        var isLost = line.Now - checkedAt > around.Weather.ConnectionsSurvive || line.Happens(around.Weather.TargetTrouble);
        var isLate = line.Happens(around.Weather.TargetTrouble);
        if (!isLost)
        {
            line.Add(isLate ? line.Within(TimeSpan.FromSeconds(3)) : line.Soon(), () =>
            {
                Target.Set(offer.Change.CaptureId);
                around.Trace.Note($"{point} of {identity} has {offer.Change.CaptureId}");
                if (isLate) return;
                var mark = Target.Mark;
                clock.Run(line.Soon(), () => Finish(attempt, new DeliveryOutcome.Delivered(mark, null)));
            });
        }

        if (isLost || isLate) clock.Run(line.Within(permit.Remaining), () => Finish(attempt, new DeliveryOutcome.Unknown("no answer")));
    }

    private void Finish(Attempt attempt, DeliveryOutcome outcome)
    {
        node.OutcomesAtHand.Add(attempt.AttemptId);
        Tell(attempt, outcome, isHeld: false);
    }

    private void Tell(Attempt attempt, DeliveryOutcome outcome, bool isHeld)
    {
        var standing = isHeld ? node.Ownership.StandingOf(identity) : ShardStanding.Own;
        if (standing == ShardStanding.Own)
        {
            node.Decide(identity, now => new IdentityCommand.FinishAttempt(now, point, attempt.AttemptId, outcome, Jitter: 0.5), decision =>
            {
                if (!isHeld) whenEnded();
                if (decision is not null) LetGo(attempt);
                else clock.Run(Holding.RetryInterval, () => Tell(attempt, outcome, isHeld: true));
            });
        }
        else if (standing == ShardStanding.Other && clock.GetUtcNow() >= attempt.Deadline + Holding.ElsewhereMax) LetGo(attempt);
        else clock.Run(Holding.RetryInterval, () => Tell(attempt, outcome, isHeld: true));
    }

    private void LetGo(Attempt attempt)
    {
        node.OutcomesAtHand.Remove(attempt.AttemptId);
        flight?.Dispose();
    }

    private void Ended()
    {
        flight?.Dispose();
        whenEnded();
    }

    private void AtTarget<T>(Func<T> look, Action<T> seen) => line.Add(line.Soon(), () =>
    {
        var found = look();
        clock.Run(line.Soon(), () => seen(found));
    });

    private WriteWindow NextWindow()
    {
        var since = clock.GetTimestamp();
        var byLease = node.Ownership.RemainingTime - LeaseMargin;
        return new WriteWindow(since, byLease < AttemptTimeout ? byLease : AttemptTimeout);
    }
}
