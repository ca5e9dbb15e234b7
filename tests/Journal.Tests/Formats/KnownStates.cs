using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;
using Known = PasswordSync.Journal.Tests.Formats.KnownEvents;

namespace PasswordSync.Journal.Tests.Formats;

/// <summary>What the golden snapshots mean, in their order.</summary>
internal static class KnownStates
{
    private static readonly Doubt Doubtful = new(new UnresolvedAttempts(Known.Capture, new TargetMark("11"), Count: 2, Known.At.AddMinutes(-1)), Known.At.AddMinutes(-2));

    private static readonly Delivery Delivery = new(Known.Change, FailedAttempts: 3);

    private static readonly Delivery Next = new(Known.Nameless, FailedAttempts: 0);

    public static IReadOnlyList<IdentityState> All { get; } =
    [
        new IdentityState { Sequence = 1 },
        new IdentityState
        {
            Sequence = 4_711,
            LatestStamps = ImmutableSortedDictionary<SourceId, Stamp>.Empty.Add(Known.Account.Source, Known.Stamp).Add(new SourceId("mail.example"), Known.Stamp with { Version = 7 }),
            Newest = Known.Change,
            RecentCaptures = [Known.Capture, new CaptureId(Known.AttemptId)],
            Points = AllPoints,
        },
        new IdentityState
        {
            Sequence = 8,
            LeftInDoubt = ImmutableSortedDictionary<SyncPointId, Doubt>.Empty.Add(new SyncPointId("gone"), Doubtful).Add(new SyncPointId("gone-too"), new Doubt(null, Known.At)),
        },
        new IdentityState
        {
            Sequence = 9,
            Scopes =
            [
                new AccountScope(Known.Account, [new SyncPointId("waiting"), new SyncPointId("files")]),
                new AccountScope(Known.Account with { Source = new SourceId("mail.example") }, [new SyncPointId("waiting")]),
            ],
            Points = ImmutableSortedDictionary.CreateRange([Entry("waiting", new PointState.Waiting(Next, Known.At.AddMinutes(15), "Refused.", Doubt.None) { AwaitsMend = true })]),
        },
    ];

    private static ImmutableSortedDictionary<SyncPointId, PointState> AllPoints => ImmutableSortedDictionary.CreateRange(
    [
        Entry("idle-new", new PointState.Idle(null, Doubt.None)),
        Entry("idle-settled", new PointState.Idle(new Settlement(Known.Capture, DeliveryEnd.Expired, "Too old.", Known.At), Doubtful)),
        Entry("idle-settled-silently", new PointState.Idle(new Settlement(Known.Capture, DeliveryEnd.Delivered, null, Known.At), new Doubt(null, Known.At))),
        Entry("waiting", new PointState.Waiting(Delivery, Known.At.AddSeconds(4), "Busy.", Doubtful)),
        Entry("waiting-first", new PointState.Waiting(Next, Known.At, null, Doubt.None)),
        Entry("flight", new PointState.InFlight(Delivery, Known.Attempt, Next, AfterFlight.Continue, Doubtful)),
        Entry("flight-supersede", new PointState.InFlight(Delivery, Known.FirstAttempt, null, AfterFlight.Supersede, Doubt.None)),
        Entry("flight-give-up", new PointState.InFlight(Delivery, Known.FirstAttempt, null, AfterFlight.GiveUp, Doubt.None)),
        Entry("flight-withdraw", new PointState.InFlight(Delivery, Known.FirstAttempt, null, AfterFlight.Withdraw, new Doubt(new UnresolvedAttempts(Known.Capture, null, 1, Known.At), null))),
        Entry("parked-policy", new PointState.Parked(Delivery, ParkReason.RefusedByPolicy, "Too short.", Doubtful)),
        Entry("parked-exhausted", new PointState.Parked(Delivery, ParkReason.AttemptsExhausted, "", Doubt.None)),
        Entry("rechecking", new PointState.Rechecking(Delivery, Known.At.AddSeconds(30), new TargetMark("13"), Doubtful)),
        Entry("rechecking-unmarked", new PointState.Rechecking(Delivery, Known.At.AddSeconds(30), null, Doubt.None)),
    ]);

    private static KeyValuePair<SyncPointId, PointState> Entry(string name, PointState state) => new(new SyncPointId(name), state);
}
