using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Tests.Decisions;

/// <summary>Values for tests, told apart by small numbers: change 2 is newer than change 1.</summary>
internal static class Some
{
    public static DateTimeOffset Noon { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static TimeSpan MaximumAge { get; } = TimeSpan.FromDays(3);

    public static SourceId Alpha { get; } = new("alpha");

    public static SourceId Beta { get; } = new("beta");

    public static SyncPointId Point { get; } = new("point");

    public static SyncPointId OtherPoint { get; } = new("other");

    public static TargetAccount Target { get; } = new("key", "ann", null);

    public static AccountId Account(SourceId source) => new(source, new Guid(99, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));

    public static CaptureId Capture(int number) => new(new Guid(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1));

    public static Guid AttemptId(int number) => new(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);

    /// <summary>The stamp of version <paramref name="version"/>, made that many seconds after noon.</summary>
    public static Stamp Stamp(int version, int generation = 0) =>
        new(generation, (uint)version, Core.Stamps.Stamp.ToOriginatingSecond(Noon.AddSeconds(version)), new Guid(7, 7, 7, 1, 2, 3, 4, 5, 6, 7, 8));

    public static Change Change(int number, SourceId? source = null, Stamp? stamp = null)
    {
        var capturedAt = Noon.AddSeconds(number);
        return new Change(
            Capture(number), Account(source ?? Alpha), stamp ?? Stamp(number), new AccountNames("CN=Ann,DC=alpha,DC=test", "ann", null, null),
            new StageTimes(capturedAt, capturedAt, capturedAt, capturedAt), capturedAt + MaximumAge);
    }

    public static Delivery Delivery(int number, int failedAttempts = 0) => new(Change(number), failedAttempts);

    public static ImmutableSortedSet<SyncPointId> Points(params SyncPointId[] points) => [.. points];

    /// <summary>One outcome of each kind, by the name of its type.</summary>
    public static ImmutableSortedDictionary<string, DeliveryOutcome> Outcomes { get; } = new DeliveryOutcome[]
    {
        new DeliveryOutcome.Delivered(new TargetMark("written"), null),
        new DeliveryOutcome.AlreadyThere(new TargetMark("found"), null),
        new DeliveryOutcome.Transient("busy"),
        new DeliveryOutcome.Throttled(Noon.AddHours(1), "slow down"),
        new DeliveryOutcome.RefusedByPolicy("too short"),
        new DeliveryOutcome.TargetMisconfigured("certificate"),
        new DeliveryOutcome.AccountNotFound("nobody"),
        new DeliveryOutcome.Overtaken("newer there"),
        new DeliveryOutcome.Unknown("no answer"),
    }.ToImmutableSortedDictionary(outcome => outcome.GetType().Name, outcome => outcome, StringComparer.Ordinal);
}
