using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Tests.Decisions.Tables;

/// <summary>A column of a decision table: a command in one of the cases that matter for it, given to a situation.</summary>
/// <param name="Name">As the table calls it.</param>
/// <param name="Decide">Gives it to the situation.</param>
internal sealed record CommandVariant(string Name, Func<Situation, Decision> Decide);

/// <summary>All columns, by the name of the command.</summary>
internal static class CommandVariants
{
    private static readonly DateTimeOffset Now = Some.Noon.AddSeconds(5);
    private static readonly DateTimeOffset AfterMaximumAge = Some.Noon + Some.MaximumAge + TimeSpan.FromMinutes(1);
    private static readonly DecisionRules Rules = DecisionRules.Default;
    private static readonly Doubt AtRisk = new(null, Some.Noon);
    private static readonly int LastFailure = RetryPolicy.Default.AttemptsMax - 1;
    private static readonly ImmutableSortedSet<SyncPointId> Here = Some.Points(Some.Point);

    public static ImmutableSortedDictionary<string, ImmutableArray<CommandVariant>> All { get; } = new Dictionary<string, ImmutableArray<CommandVariant>>
    {
        [nameof(IdentityCommand.DecideCapture)] =
        [
            Capture("newer", c => c),
            Capture("newer, point leaves scope", c => c with { Points = Some.Points(Some.OtherPoint) }),
            Capture("newer, point disabled", c => c with { Disabled = Here }),
            Capture("duplicate", c => c with { Change = Some.Change(1) }),
            Capture("same stamp", c => c with { Change = Some.Change(3, stamp: Some.Stamp(2)) }, seen: 2),
            Capture("older", c => c with { Change = Some.Change(3, stamp: Some.Stamp(1)) }, seen: 2),
            Capture("intent open", c => c with { OwnWrites = new OwnWrites(Now.AddMinutes(10), null) }),
            Capture("echo", c => c with { OwnWrites = new OwnWrites(null, Some.Stamp(3)) }),
            Capture("overwritten by us", c => c with { OwnWrites = new OwnWrites(null, Some.Stamp(4)) }),
            Capture("of other source, newer", c => c with { Change = Some.Change(3, Some.Beta) }),
            Capture("of other source, older", c => c with { Change = Some.Change(3, Some.Beta, Some.Stamp(0)) }),
            Capture("far ahead", c => c with { Change = Some.Change(3, stamp: Some.Stamp(100)) }),
            Capture("far ahead, confirmed", c => c with { Change = Some.Change(3, stamp: Some.Stamp(100)), IsConfirmedAtSource = true }),
            Capture("far ahead, too old", c => c with { Change = Some.Change(3, stamp: Some.Stamp(100)) with { ExpiresAt = Now } }),
            Capture("too old", c => c with { Change = Some.Change(3) with { ExpiresAt = Now } }),
            Capture("out of scope", c => c with { Points = Some.Points() }),
        ],
        [nameof(IdentityCommand.NoteReport)] =
        [
            Plain("new", new IdentityCommand.NoteReport(Now, Some.Capture(3), Some.Account(Some.Alpha), CaptureVerdict.Overtaken, Some.Noon)),
            Plain("of a decided capture", new IdentityCommand.NoteReport(Now, Some.Capture(1), Some.Account(Some.Alpha), CaptureVerdict.Overtaken, Some.Noon)),
        ],
        [nameof(IdentityCommand.BeginAttempt)] =
        [
            Plain("change 1", Begin(1)),
            new CommandVariant("change 1, in doubt", s => s.Identity(new Doubt(new UnresolvedAttempts(Some.Capture(1), null, 1, Some.Noon), null)).Decide(Begin(1), Rules)),
            Plain("change 2", Begin(2)),
            Plain("not due yet", Begin(1) with { Now = Some.Noon.AddSeconds(-1) }),
            Plain("expired", Begin(1) with { Now = AfterMaximumAge, Deadline = AfterMaximumAge.AddSeconds(1) }),
            Plain("deadline not ahead", Begin(1) with { Deadline = Now }),
        ],
        [nameof(IdentityCommand.FinishAttempt)] =
        [
            .. Some.Outcomes.Select(outcome => Plain(outcome.Key, Finish(outcome.Value))),
            new CommandVariant("Delivered, at risk", s => s.Identity(AtRisk).Decide(Finish(Some.Outcomes["Delivered"]), Rules)),
            new CommandVariant("Transient, the last", s => s.Identity(failedAttempts: LastFailure).Decide(Finish(Some.Outcomes["Transient"]), Rules)),
            new CommandVariant("Unknown, the last", s => s.Identity(failedAttempts: LastFailure).Decide(Finish(Some.Outcomes["Unknown"]), Rules)),
            Plain("another attempt", Finish(Some.Outcomes["Delivered"]) with { AttemptId = Some.AttemptId(2) }),
        ],
        [nameof(IdentityCommand.ReportObstacle)] =
        [
            .. Some.Outcomes.Where(outcome => !outcome.Value.IsSuccess).Select(outcome => Plain(outcome.Key, Obstacle(outcome.Value))),
            new CommandVariant("Transient, the last", s => s.Identity(failedAttempts: LastFailure).Decide(Obstacle(Some.Outcomes["Transient"]), Rules)),
            Plain("change 2", Obstacle(Some.Outcomes["Transient"]) with { CaptureId = Some.Capture(2) }),
            Plain("not due yet", Obstacle(Some.Outcomes["Transient"]) with { Now = Some.Noon.AddSeconds(-1) }),
        ],
        [nameof(IdentityCommand.WakeUp)] =
        [
            Plain("in time", new IdentityCommand.WakeUp(Now, 0)),
            Plain("at the deadline", new IdentityCommand.WakeUp(Situation.Deadline, 0)),
            Plain("after the grace", new IdentityCommand.WakeUp(Situation.Deadline + Rules.DeadlineGrace, 0)),
            Plain("after the maximum age", new IdentityCommand.WakeUp(AfterMaximumAge, 0)),
        ],
        [nameof(IdentityCommand.RejectSecret)] =
        [
            .. from number in (int[])[1, 2, 3] select Plain($"change {number}", new IdentityCommand.RejectSecret(Now, Some.Capture(number), "empty")),
        ],
        [nameof(IdentityCommand.AssignPoints)] =
        [
            Plain("with the point", new IdentityCommand.AssignPoints(Now, Some.Account(Some.Alpha), Here)),
            Plain("without it", new IdentityCommand.AssignPoints(Now, Some.Account(Some.Alpha), Some.Points())),
            Plain("another in its place", new IdentityCommand.AssignPoints(Now, Some.Account(Some.Alpha), Some.Points(Some.OtherPoint))),
        ],
        [nameof(IdentityCommand.MendPoint)] =
        [
            Plain("nothing to mend", new IdentityCommand.MendPoint(Now, Some.Point)),
            new CommandVariant("misconfigured", s => Misconfigured(s.Identity()).Decide(new IdentityCommand.MendPoint(Now, Some.Point), Rules)),
        ],
        [nameof(IdentityCommand.RetryDelivery)] =
        [
            Plain("in time", new IdentityCommand.RetryDelivery(Now, Some.Point)),
            Plain("after the maximum age", new IdentityCommand.RetryDelivery(AfterMaximumAge, Some.Point)),
        ],
        [nameof(IdentityCommand.DiscardDelivery)] = [Plain("discard", new IdentityCommand.DiscardDelivery(Now, Some.Point, "no need"))],
        [nameof(IdentityCommand.ResendChange)] =
        [
            Plain("secret held here only", new IdentityCommand.ResendChange(Now, Some.Point)),
            new CommandVariant("held elsewhere too", s => HeldElsewhere(s.Identity()).Decide(new IdentityCommand.ResendChange(Now, Some.Point), Rules)),
            Plain("after the maximum age", new IdentityCommand.ResendChange(AfterMaximumAge, Some.Point)),
            new CommandVariant("nothing accepted yet", s => (s.Identity() with { Newest = null }).Decide(new IdentityCommand.ResendChange(Now, Some.Point), Rules)),
        ],
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    private static CommandVariant Plain(string name, IdentityCommand command) => new(name, situation => situation.Identity().Decide(command, Rules));

    private static CommandVariant Capture(string name, Func<IdentityCommand.DecideCapture, IdentityCommand.DecideCapture> change, int? seen = null) => new(name, situation =>
    {
        var identity = situation.Identity();
        if (seen is { } version) identity = identity with { LatestStamps = identity.LatestStamps.SetItem(Some.Alpha, Some.Stamp(version)) };
        return identity.Decide(change(new IdentityCommand.DecideCapture(Now, Some.Change(3), Here, OwnWrites.None)), Rules);
    });

    private static IdentityCommand.BeginAttempt Begin(int number) =>
        new(Now, Some.Point, Some.Capture(number), Some.AttemptId(2), Now.AddSeconds(10), Some.Target, Baseline: null);

    private static IdentityCommand.FinishAttempt Finish(DeliveryOutcome outcome) => new(Now, Some.Point, Some.AttemptId(1), outcome, Jitter: 0);

    private static IdentityCommand.ReportObstacle Obstacle(DeliveryOutcome outcome) => new(Now, Some.Point, Some.Capture(1), outcome, Jitter: 0);

    private static IdentityState Misconfigured(IdentityState identity) => identity.Points.GetValueOrDefault(Some.Point) is PointState.Waiting waiting
        ? identity with { Points = identity.Points.SetItem(Some.Point, waiting with { AwaitsMend = true, DueAt = Now.AddMinutes(15) }) }
        : identity;

    private static IdentityState HeldElsewhere(IdentityState identity) => identity with
    {
        Points = identity.Points.Add(Some.OtherPoint, new PointState.Waiting(new Delivery(identity.Newest!, 0), Some.Noon, null, Doubt.None)),
    };
}
