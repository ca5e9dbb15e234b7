using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Tests.Decisions.Tables;

/// <summary>A column of a fold table: an event in one of the cases that matter for it.</summary>
/// <param name="Name">As the table calls it.</param>
/// <param name="Event">What happened.</param>
/// <param name="Before">What is different around the point before it happens; null for nothing.</param>
internal sealed record EventVariant(string Name, IdentityEvent Event, Func<IdentityState, IdentityState>? Before = null)
{
    /// <exception cref="InvalidOperationException">The event does not fit.</exception>
    public IdentityState Apply(Situation situation) => (Before?.Invoke(situation.Identity()) ?? situation.Identity()).Apply(Event);
}

/// <summary>All columns, by the name of the event.</summary>
internal static class EventVariants
{
    private static readonly DateTimeOffset Now = Some.Noon.AddSeconds(5);

    /// <summary>One sequel of each kind, with the outcome that leads to it.</summary>
    public static ImmutableArray<(AttemptSequel Sequel, DeliveryOutcome Outcome)> Sequels { get; } =
    [
        (new AttemptSequel.Settled(DeliveryEnd.Delivered), Some.Outcomes["Delivered"]),
        (new AttemptSequel.RetryAt(Now.AddSeconds(2), Counts: true), Some.Outcomes["Transient"]),
        (new AttemptSequel.RetryAt(Now.AddSeconds(2), Counts: true), Some.Outcomes["Unknown"]),
        (new AttemptSequel.Park(ParkReason.AttemptsExhausted), Some.Outcomes["Transient"]),
        (new AttemptSequel.RecheckAt(Now.AddSeconds(30)), Some.Outcomes["Delivered"]),
        (new AttemptSequel.RecheckAt(Now.AddSeconds(30)), Some.Outcomes["Transient"]),
        (new AttemptSequel.NextDue(DeliveryEnd.Superseded), Some.Outcomes["Transient"]),
        (new AttemptSequel.Withdrawn(DeliveryEnd.Withdrawn), Some.Outcomes["Transient"]),
    ];

    public static ImmutableSortedDictionary<string, ImmutableArray<EventVariant>> All { get; } = new Dictionary<string, ImmutableArray<EventVariant>>
    {
        [nameof(IdentityEvent.CaptureAccepted)] =
        [
            new EventVariant("change 3", Accepted(3)),
            .. from number in (int[])[1, 2, 3] select new EventVariant($"change {number}, queued", Accepted(number, Some.Point)),
            new EventVariant("change 3, queued elsewhere", Accepted(3, Some.OtherPoint)),
        ],
        [nameof(IdentityEvent.CaptureIgnored)] =
        [
            .. from reason in Enum.GetValues<IgnoreReason>()
               select new EventVariant($"{reason}", new IdentityEvent.CaptureIgnored(Now, Some.Capture(3), Some.Account(Some.Alpha), Some.Stamp(3), reason)),
        ],
        [nameof(IdentityEvent.CaptureReported)] =
        [
            .. from verdict in Enum.GetValues<CaptureVerdict>()
               select new EventVariant($"{verdict}", new IdentityEvent.CaptureReported(Now, Some.Capture(3), Some.Account(Some.Alpha), verdict, Some.Noon)),
        ],
        [nameof(IdentityEvent.AccountScoped)] =
        [
            new EventVariant("with the point", new IdentityEvent.AccountScoped(Now, new AccountScope(Some.Account(Some.Alpha), Some.Points(Some.Point)))),
            new EventVariant("with none", new IdentityEvent.AccountScoped(Now, new AccountScope(Some.Account(Some.Alpha), Some.Points()))),
            new EventVariant("joined", Joined(Some.Point)),
            new EventVariant("joined after an echo", Joined(Some.Point), AfterEcho),
            new EventVariant("joined by another point", Joined(Some.OtherPoint)),
        ],
        [nameof(IdentityEvent.PointAssigned)] =
        [
            new EventVariant("assigned", new IdentityEvent.PointAssigned(Now, Some.Point)),
            new EventVariant("after an echo", new IdentityEvent.PointAssigned(Now, Some.Point), AfterEcho),
        ],
        [nameof(IdentityEvent.PointWithdrawn)] = [new EventVariant("withdrawn", new IdentityEvent.PointWithdrawn(Now, Some.Point))],
        [nameof(IdentityEvent.DeliveryQueued)] =
        [
            .. from number in (int[])[1, 2] select new EventVariant($"change {number}", Queued(number)),
            new EventVariant("change 3, the newest", Queued(3), identity => identity with { Newest = Some.Change(3) }),
            new EventVariant("change 3, never accepted", Queued(3)),
        ],
        [nameof(IdentityEvent.DeliveryEnded)] =
        [
            .. from number in (int[])[1, 2] from end in Enum.GetValues<DeliveryEnd>() select Ended(number, end),
            Ended(3, DeliveryEnd.Superseded),
        ],
        [nameof(IdentityEvent.AttemptStarted)] =
        [
            .. from number in (int[])[1, 2]
               select new EventVariant($"change {number}", new IdentityEvent.AttemptStarted(Now, Some.Point, Some.Capture(number), Situation.Attempt(AttemptKind.Write))),
        ],
        [nameof(IdentityEvent.AttemptFinished)] =
        [
            .. from entry in Sequels select Finished(entry.Sequel, entry.Outcome, attempt: 1),
            Finished(Sequels[0].Sequel, Sequels[0].Outcome, attempt: 2),
        ],
        [nameof(IdentityEvent.ObstacleMet)] =
        [
            .. from entry in Sequels where !entry.Outcome.IsSuccess select Met(entry.Sequel, entry.Outcome, number: 1),
            Met(Sequels[1].Sequel, Sequels[1].Outcome, number: 2),
        ],
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    private static IdentityEvent.CaptureAccepted Accepted(int number, params SyncPointId[] queued) => new(Now, Some.Change(number)) { Queued = [.. queued] };

    private static IdentityEvent.AccountScoped Joined(SyncPointId point) => new(Now, new AccountScope(Some.Account(Some.Alpha), Some.Points(point))) { Joined = Some.Points(point) };

    private static IdentityState AfterEcho(IdentityState identity) => identity with { LatestStamps = identity.LatestStamps.SetItem(Some.Alpha, Some.Stamp(9)) };

    private static IdentityEvent.DeliveryQueued Queued(int number) => new(Now, Some.Point, Some.Capture(number), Now);

    private static EventVariant Ended(int number, DeliveryEnd end) => new($"{number} {end}", new IdentityEvent.DeliveryEnded(Now, Some.Point, Some.Capture(number), end, "why"));

    private static EventVariant Finished(AttemptSequel sequel, DeliveryOutcome outcome, int attempt) => new(
        $"attempt {attempt} {outcome.GetType().Name}: {sequel.GetType().Name}",
        new IdentityEvent.AttemptFinished(Now, Some.Point, Some.Capture(1), Some.AttemptId(attempt), outcome, sequel));

    private static EventVariant Met(AttemptSequel sequel, DeliveryOutcome outcome, int number) => new(
        $"change {number} {outcome.GetType().Name}: {sequel.GetType().Name}",
        new IdentityEvent.ObstacleMet(Now, Some.Point, Some.Capture(number), outcome, sequel));
}
