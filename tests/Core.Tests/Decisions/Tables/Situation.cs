using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Tests.Decisions.Tables;

/// <summary>
/// A row of the tables: one sync point in one of all the states that it can be in, and the identity around it. The point's delivery carries change 1, its
/// next one change 2; a superseded flight is one whose account got a newer password by an echo with stamp 2.
/// </summary>
/// <param name="Name">As the tables call it.</param>
/// <param name="PointState">Null where the point is not assigned.</param>
internal sealed record Situation(string Name, PointState? PointState)
{
    /// <summary>Due and begun times of the point lie at noon, the deadline of an attempt ten seconds later.</summary>
    public static DateTimeOffset Deadline { get; } = Some.Noon.AddSeconds(10);

    /// <summary>The unassigned point, and every state that the types allow, also those that no history leads to.</summary>
    public static ImmutableArray<Situation> All { get; } =
    [
        new Situation("absent", null),
        .. from state in typeof(PointState).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(PointState)))
           from built in Build(state)
           select new Situation(Describe(built), built),
    ];

    public override string ToString() => Name;

    /// <summary>The identity whose point this is.</summary>
    public IdentityState Identity(Doubt? doubt = null, int failedAttempts = 0)
    {
        var newest = PointState is PointState.InFlight { Next: { } next } ? next.Change : Some.Change(1);
        var isOvertaken = PointState is PointState.InFlight { AfterFlight: AfterFlight.Supersede, Next: null };
        var points = ImmutableSortedDictionary<SyncPointId, PointState>.Empty;
        return IdentityState.Initial with
        {
            Newest = newest,
            RecentCaptures = [Some.Capture(1), newest.CaptureId],
            LatestStamps = IdentityState.Initial.LatestStamps.SetItem(Some.Alpha, isOvertaken ? Some.Stamp(2) : newest.Stamp),
            Scopes = PointState is null ? IdentityState.Initial.Scopes : [new AccountScope(Some.Account(Some.Alpha), Some.Points(Some.Point))],
            Points = PointState is null ? points : points.Add(Some.Point, WithFailures(PointState, failedAttempts) with { Doubt = doubt ?? Doubt.None }),
        };
    }

    /// <summary>What a state is called: its kind, the change that it carries, and for an attempt in flight what is in store for it.</summary>
    public static string Describe(PointState? state) => state switch
    {
        null => "absent",
        PointState.Idle => "idle",
        PointState.Waiting p => $"waiting {Number(p.Delivery)}",
        PointState.Rechecking p => $"rechecking {Number(p.Delivery)}",
        PointState.Parked p => $"parked {Number(p.Delivery)} {p.Reason}",
        PointState.InFlight { Next: null } p => $"{p.Attempt.Kind} {Number(p.Delivery)} {p.AfterFlight}",
        PointState.InFlight p => $"{p.Attempt.Kind} {Number(p.Delivery)} {p.AfterFlight}, next {Number(p.Next)}",
        _ => throw new InvalidOperationException($"The tables do not know the state {state.GetType().Name}: give it rows."),
    };

    private static IEnumerable<PointState> Build(Type state) => state.Name switch
    {
        nameof(Core.Decisions.PointState.Idle) => [new PointState.Idle(new Settlement(Some.Capture(1), DeliveryEnd.Delivered, null, Some.Noon), Doubt.None)],
        nameof(Core.Decisions.PointState.Waiting) => [new PointState.Waiting(Some.Delivery(1), Some.Noon, null, Doubt.None)],
        nameof(Core.Decisions.PointState.Rechecking) => [new PointState.Rechecking(Some.Delivery(1), Some.Noon, new TargetMark("ours"), Doubt.None)],
        nameof(Core.Decisions.PointState.Parked) => from reason in Enum.GetValues<ParkReason>() select new PointState.Parked(Some.Delivery(1), reason, "", Doubt.None),
        nameof(Core.Decisions.PointState.InFlight) =>
            from kind in Enum.GetValues<AttemptKind>()
            from next in (Delivery?[])[null, Some.Delivery(2)]
            from afterFlight in Enum.GetValues<AfterFlight>()
            select new PointState.InFlight(Some.Delivery(1), Attempt(kind), next, afterFlight, Doubt.None),
        _ => throw new InvalidOperationException($"The tables do not know the state {state.Name}: give it rows."),
    };

    public static Attempt Attempt(AttemptKind kind) => new(
        Some.AttemptId(1), kind, Some.Noon, Deadline, Some.Target, Baseline: new TargetMark("before"),
        ProbeAgainst: kind == AttemptKind.Recheck ? new TargetMark("ours") : null, ProbeFirst: kind == AttemptKind.Recheck);

    private static PointState WithFailures(PointState state, int failedAttempts) => state switch
    {
        PointState.Waiting p => p with { Delivery = p.Delivery with { FailedAttempts = failedAttempts } },
        PointState.Rechecking p => p with { Delivery = p.Delivery with { FailedAttempts = failedAttempts } },
        PointState.InFlight p => p with { Delivery = p.Delivery with { FailedAttempts = failedAttempts } },
        _ => state,
    };

    private static string Number(Delivery delivery) => DecisionText.Number(delivery.CaptureId);
}
