using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Journal.Tests.Formats;

/// <summary>What the golden records mean: the same values, in the same order, by kind.</summary>
internal static class KnownEvents
{
    public static readonly DateTimeOffset At = new(2026, 3, 1, 8, 15, 30, 123, TimeSpan.Zero);

    public static readonly SyncPointId Point = new("mail-2.berlin");

    public static readonly CaptureId Capture = new(new Guid("11111111-2222-4333-8444-555555555555"));

    public static readonly Guid AttemptId = new("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee");

    public static readonly AccountId Account = new(new SourceId("corp.example"), new Guid("01234567-89ab-4cde-8f01-23456789abcd"));

    public static readonly Stamp Stamp = new(1, 4_294_967_295, 13_416_922_530, new Guid("fedcba98-7654-4321-8fed-cba987654321"));

    public static readonly Change Change = new(
        Capture,
        Account,
        Stamp,
        new AccountNames("CN=Łukasiewicz\\, Ada 🐎,OU=People,DC=corp,DC=example", "ada", "ada@corp.example", "ada.l@mail.example"),
        new StageTimes(At.AddTicks(-1_234_567), At.AddTicks(-1_234_000), At.AddTicks(-1_000), new DateTimeOffset(2026, 3, 1, 9, 15, 30, 123, TimeSpan.FromHours(1))),
        At.AddDays(7));

    public static readonly Change Nameless = Change with { Names = new AccountNames("CN=Bo", "bo", null, null), Stamp = Stamp with { Generation = 0, Version = 1 } };

    public static readonly Change Renamed = Nameless with
    {
        Names = Nameless.Names with { ObjectSid = "S-1-5-21-1-2-3-1104" },
        CapturedAs = "bob",
        MustChangeAtNextLogon = true,
    };

    public static readonly CaptureTrace ReportTrace = new("ada", At.AddSeconds(-3), At) { DomainController = "dc1.corp.example" };

    public static readonly Attempt Attempt = new(
        AttemptId,
        AttemptKind.Recheck,
        At,
        At.AddSeconds(20),
        new TargetAccount("7d5b…/☃", "uid=ada,ou=People,dc=mail,dc=example", Account with { Source = new SourceId("mail.example") }),
        new TargetMark("12@2026-03-01T08:15:29Z"),
        new TargetMark("11@2026-02-01T08:15:29Z"),
        ProbeFirst: true);

    public static readonly Attempt FirstAttempt = Attempt with
    {
        Kind = AttemptKind.Write,
        Target = new TargetAccount("42", "ada", null),
        Baseline = null,
        ProbeAgainst = null,
        ProbeFirst = false,
    };

    public static IReadOnlyDictionary<string, IdentityEvent[]> ByKind { get; } = new Dictionary<string, IdentityEvent[]>
    {
        ["capture-accepted.1"] = [new IdentityEvent.CaptureAccepted(At, Change), new IdentityEvent.CaptureAccepted(At, Nameless), new IdentityEvent.CaptureAccepted(At, Renamed), new IdentityEvent.CaptureAccepted(At, Nameless) { Scopes = ["people", "admins"] }, new IdentityEvent.CaptureAccepted(At, Nameless) { Scopes = ["people"], Queued = [Point, new SyncPointId("files")] }],
        ["capture-ignored.1"] =
        [
            .. Enum.GetValues<IgnoreReason>().Select(reason => new IdentityEvent.CaptureIgnored(At, Capture, Account, Stamp, reason)),
            new IdentityEvent.CaptureIgnored(At, Capture, Account, Stamp, IgnoreReason.Older) { Trace = CaptureTrace.Of(Change) },
        ],
        ["capture-reported.1"] =
        [
            .. Enum.GetValues<CaptureVerdict>().Select(verdict => new IdentityEvent.CaptureReported(At, Capture, Account, verdict, At.AddSeconds(-3))),
            new IdentityEvent.CaptureReported(At, Capture, Account, CaptureVerdict.RefusedBySource, At.AddSeconds(-3)) { Trace = ReportTrace },
        ],
        ["account-scoped.1"] =
        [
            new IdentityEvent.AccountScoped(At, new AccountScope(Account, [Point, new SyncPointId("files")])),
            new IdentityEvent.AccountScoped(At, new AccountScope(Account, [])),
            new IdentityEvent.AccountScoped(At, new AccountScope(Account, [Point, new SyncPointId("files")])) { Joined = [new SyncPointId("files")] },
        ],
        ["point-assigned.1"] = [new IdentityEvent.PointAssigned(At, Point)],
        ["point-withdrawn.1"] = [new IdentityEvent.PointWithdrawn(At, Point)],
        ["delivery-queued.1"] = [new IdentityEvent.DeliveryQueued(At, Point, Capture, At.AddSeconds(1))],
        ["delivery-ended.1"] =
        [
            .. Enum.GetValues<DeliveryEnd>().Select(end => new IdentityEvent.DeliveryEnded(At, Point, Capture, end, "A reason, \"quoted\".")),
            new IdentityEvent.DeliveryEnded(At, Point, Capture, DeliveryEnd.Superseded, null),
        ],
        ["attempt-started.1"] = [new IdentityEvent.AttemptStarted(At, Point, Capture, Attempt), new IdentityEvent.AttemptStarted(At, Point, Capture, FirstAttempt), new IdentityEvent.AttemptStarted(At, Point, Capture, FirstAttempt with { Node = "node-2.berlin" })],
        ["attempt-finished.1"] = [.. Outcomes.SelectMany(outcome => Sequels.Select(sequel => new IdentityEvent.AttemptFinished(At, Point, Capture, AttemptId, outcome, sequel)))],
        ["obstacle-met.1"] =
        [
            new IdentityEvent.ObstacleMet(At, Point, Capture, new DeliveryOutcome.AccountNotFound("No account matches."), new AttemptSequel.RetryAt(At.AddMinutes(1), Counts: true)),
            new IdentityEvent.ObstacleMet(At, Point, Capture, new DeliveryOutcome.TargetMisconfigured("Refused."), new AttemptSequel.RetryAt(At.AddMinutes(15), Counts: false)),
        ],
    };

    private static DeliveryOutcome[] Outcomes =>
    [
        new DeliveryOutcome.Delivered(new TargetMark("13"), Stamp),
        new DeliveryOutcome.Delivered(null, null),
        new DeliveryOutcome.AlreadyThere(new TargetMark("13"), Stamp),
        new DeliveryOutcome.AlreadyThere(null, null),
        new DeliveryOutcome.Transient("Busy."),
        new DeliveryOutcome.Throttled(At.AddSeconds(30), "Too many."),
        new DeliveryOutcome.RefusedByPolicy("Too short."),
        new DeliveryOutcome.TargetMisconfigured("No right to reset."),
        new DeliveryOutcome.AccountNotFound("Gone."),
        new DeliveryOutcome.Unknown("No answer."),
        new DeliveryOutcome.Overtaken("Newer there."),
        new DeliveryOutcome.Delivered(new TargetMark("13"), Stamp) { Server = "dc2.mail.example:636" },
        new DeliveryOutcome.Unknown("No answer.") { Server = "dc2.mail.example:636" },
    ];

    private static AttemptSequel[] Sequels =>
    [
        new AttemptSequel.Settled(DeliveryEnd.Delivered),
        new AttemptSequel.RetryAt(At.AddSeconds(2), Counts: true),
        new AttemptSequel.Park(ParkReason.RefusedByPolicy),
        new AttemptSequel.Park(ParkReason.AttemptsExhausted),
        new AttemptSequel.RecheckAt(At.AddSeconds(30)),
        new AttemptSequel.NextDue(DeliveryEnd.Superseded),
        new AttemptSequel.Withdrawn(DeliveryEnd.Withdrawn),
    ];
}
