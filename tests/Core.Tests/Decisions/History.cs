using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Tests.Decisions;

/// <summary>One identity as a test tells its story: commands come, are decided, and their events are applied. Begins at noon with one sync point.</summary>
internal sealed class History
{
    private int attempts;

    public IdentityState State { get; private set; } = IdentityState.Initial;

    public DecisionRules Rules { get; init; } = DecisionRules.Default;

    public DateTimeOffset Now { get; private set; } = Some.Noon;

    public ImmutableSortedSet<SyncPointId> Scope { get; set; } = Some.Points(Some.Point);

    public List<IdentityEvent> Journal { get; } = [];

    /// <summary>Where the point stands.</summary>
    public PointState At => State.Points[Some.Point];

    /// <summary>How the last delivery of the point ended.</summary>
    public Settlement? Last => At.ShouldBe<PointState.Idle>().Last;

    public Decision Do(IdentityCommand command)
    {
        var decision = State.Decide(command, Rules);
        foreach (var happened in decision.Events)
        {
            State = State.Apply(happened);
            Journal.Add(happened);
        }

        return decision;
    }

    public Decision Arrive(Change change, OwnWrites? ownWrites = null) => Do(new IdentityCommand.DecideCapture(Now, change, Scope, ownWrites ?? OwnWrites.None));

    /// <summary>Begins an attempt of the change of this number; it has ten seconds.</summary>
    public Decision Begin(int number, TargetMark? mark = null) =>
        Do(new IdentityCommand.BeginAttempt(Now, Some.Point, Some.Capture(number), Some.AttemptId(++attempts), Now.AddSeconds(10), Some.Target, mark));

    /// <summary>Ends the attempt in flight.</summary>
    public Decision Finish(DeliveryOutcome outcome) =>
        Do(new IdentityCommand.FinishAttempt(Now, Some.Point, At.ShouldBe<PointState.InFlight>().Attempt.AttemptId, outcome, Jitter: 0));

    /// <summary>Begins and ends an attempt.</summary>
    public Decision Attempt(int number, DeliveryOutcome outcome, TargetMark? mark = null)
    {
        Begin(number, mark);
        return Finish(outcome);
    }

    /// <summary>Begins and ends an attempt at a point, which succeeds.</summary>
    public void Deliver(int number, SyncPointId point)
    {
        Do(new IdentityCommand.BeginAttempt(Now, point, Some.Capture(number), Some.AttemptId(++attempts), Now.AddSeconds(10), Some.Target, null));
        Do(new IdentityCommand.FinishAttempt(Now, point, Some.AttemptId(attempts), Delivered(), Jitter: 0));
    }

    public Decision Wait(TimeSpan time)
    {
        Now += time;
        return Do(new IdentityCommand.WakeUp(Now, Jitter: 0));
    }

    /// <summary>Waits until what is retried or checked again is due.</summary>
    public void WaitUntilDue()
    {
        var at = State.NextWakeUp(Rules)!.Value;
        Wait(at - Now);
    }

    public static DeliveryOutcome Delivered(string? mark = null) => new DeliveryOutcome.Delivered(mark is null ? null : new TargetMark(mark), null);

    public static DeliveryOutcome Unknown { get; } = new DeliveryOutcome.Unknown("no answer");

    public static DeliveryOutcome Transient { get; } = new DeliveryOutcome.Transient("busy");
}

internal static class StateAssertions
{
    /// <summary>The state as the given one.</summary>
    public static T ShouldBe<T>(this PointState state) where T : PointState => Shouldly.ShouldBeTestExtensions.ShouldBeOfType<T>(state);
}
