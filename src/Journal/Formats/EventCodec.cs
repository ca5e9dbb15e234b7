using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Journal.Formats;

/// <summary>Events to and from their stored form: docs/spec/journal.md.</summary>
internal static class EventCodec
{
    /// <exception cref="InvalidOperationException">The event has no stored form: it is new, and nobody gave it one.</exception>
    public static StoredRecord Encode(IdentityEvent happened) => happened switch
    {
        IdentityEvent.CaptureAccepted e => StoredRecord.Write(
            "capture-accepted.1", new CaptureAcceptedBody(e.At, e.Change.ToBody(), e.Scopes.IsEmpty ? null : e.Scopes, OrNull(e.Queued)), JournalJson.Default.CaptureAcceptedBody),
        IdentityEvent.CaptureIgnored e => StoredRecord.Write(
            "capture-ignored.1",
            new CaptureIgnoredBody(e.At, e.CaptureId.Value, e.Account.ToBody(), e.Stamp.ToBody(), Vocabulary.IgnoreReasons.Of(e.Reason), e.Trace?.ToBody()),
            JournalJson.Default.CaptureIgnoredBody),
        IdentityEvent.CaptureReported e => StoredRecord.Write(
            "capture-reported.1",
            new CaptureReportedBody(e.At, e.CaptureId.Value, e.Account.ToBody(), Vocabulary.CaptureVerdicts.Of(e.Verdict), e.CapturedAt, e.Trace?.ToBody()),
            JournalJson.Default.CaptureReportedBody),
        IdentityEvent.AccountScoped e => StoredRecord.Write(
            "account-scoped.1",
            new AccountScopedBody(e.At, e.Scope.Account.ToBody(), [.. e.Scope.Points.Select(point => point.Value)], OrNull(e.Joined)),
            JournalJson.Default.AccountScopedBody),
        IdentityEvent.PointAssigned e => StoredRecord.Write(
            "point-assigned.1", new PointAssignedBody(e.At, e.Point.Value), JournalJson.Default.PointAssignedBody),
        IdentityEvent.PointWithdrawn e => StoredRecord.Write(
            "point-withdrawn.1", new PointWithdrawnBody(e.At, e.Point.Value), JournalJson.Default.PointWithdrawnBody),
        IdentityEvent.DeliveryQueued e => StoredRecord.Write(
            "delivery-queued.1", new DeliveryQueuedBody(e.At, e.Point.Value, e.CaptureId.Value, e.DueAt), JournalJson.Default.DeliveryQueuedBody),
        IdentityEvent.DeliveryEnded e => StoredRecord.Write(
            "delivery-ended.1",
            new DeliveryEndedBody(e.At, e.Point.Value, e.CaptureId.Value, Vocabulary.DeliveryEnds.Of(e.End), e.Reason),
            JournalJson.Default.DeliveryEndedBody),
        IdentityEvent.AttemptStarted e => StoredRecord.Write(
            "attempt-started.1", new AttemptStartedBody(e.At, e.Point.Value, e.CaptureId.Value, e.Attempt.ToBody()), JournalJson.Default.AttemptStartedBody),
        IdentityEvent.AttemptFinished e => StoredRecord.Write(
            "attempt-finished.1",
            new AttemptFinishedBody(e.At, e.Point.Value, e.CaptureId.Value, e.AttemptId, e.Outcome.ToBody(), e.Sequel.ToBody()),
            JournalJson.Default.AttemptFinishedBody),
        IdentityEvent.ObstacleMet e => StoredRecord.Write(
            "obstacle-met.1",
            new ObstacleMetBody(e.At, e.Point.Value, e.CaptureId.Value, e.Outcome.ToBody(), e.Sequel.ToBody()),
            JournalJson.Default.ObstacleMetBody),
        _ => throw new InvalidOperationException($"Internal error: the event {happened.GetType().Name} has no stored form."),
    };

    /// <exception cref="UnreadableRecordException">The kind is unknown or the body is not of its shape.</exception>
    public static IdentityEvent Decode(StoredRecord record) => record.Kind switch
    {
        "capture-accepted.1" => Of(record.Read(JournalJson.Default.CaptureAcceptedBody)),
        "capture-ignored.1" => Of(record.Read(JournalJson.Default.CaptureIgnoredBody)),
        "capture-reported.1" => Of(record.Read(JournalJson.Default.CaptureReportedBody)),
        "account-scoped.1" => Of(record.Read(JournalJson.Default.AccountScopedBody)),
        "point-assigned.1" => Of(record.Read(JournalJson.Default.PointAssignedBody)),
        "point-withdrawn.1" => Of(record.Read(JournalJson.Default.PointWithdrawnBody)),
        "delivery-queued.1" => Of(record.Read(JournalJson.Default.DeliveryQueuedBody)),
        "delivery-ended.1" => Of(record.Read(JournalJson.Default.DeliveryEndedBody)),
        "attempt-started.1" => Of(record.Read(JournalJson.Default.AttemptStartedBody)),
        "attempt-finished.1" => Of(record.Read(JournalJson.Default.AttemptFinishedBody)),
        "obstacle-met.1" => Of(record.Read(JournalJson.Default.ObstacleMetBody)),
        _ => throw record.Unknown("an event"),
    };

    private static string[]? OrNull(ImmutableSortedSet<SyncPointId> points) => points.IsEmpty ? null : [.. points.Select(point => point.Value)];

    private static ImmutableSortedSet<SyncPointId> ToPoints(IReadOnlyList<string>? points) => points is null ? [] : [.. points.Select(point => point.ToPoint())];

    private static IdentityEvent.CaptureAccepted Of(CaptureAcceptedBody b) => new(b.At, b.Change.ToChange()) { Scopes = [.. b.Scopes ?? []], Queued = ToPoints(b.Queued) };

    private static IdentityEvent.CaptureIgnored Of(CaptureIgnoredBody b) =>
        new(b.At, new CaptureId(b.CaptureId), b.Account.ToAccount(), b.Stamp.ToStamp(), Vocabulary.IgnoreReasons.Read(b.Reason)) { Trace = b.Trace?.ToTrace() };

    private static IdentityEvent.CaptureReported Of(CaptureReportedBody b) =>
        new(b.At, new CaptureId(b.CaptureId), b.Account.ToAccount(), Vocabulary.CaptureVerdicts.Read(b.Verdict), b.CapturedAt) { Trace = b.Trace?.ToTrace() };

    private static IdentityEvent.AccountScoped Of(AccountScopedBody b) => new(b.At, new AccountScope(b.Account.ToAccount(), ToPoints(b.Points))) { Joined = ToPoints(b.Joined) };

    private static IdentityEvent.PointAssigned Of(PointAssignedBody b) => new(b.At, b.Point.ToPoint());

    private static IdentityEvent.PointWithdrawn Of(PointWithdrawnBody b) => new(b.At, b.Point.ToPoint());

    private static IdentityEvent.DeliveryQueued Of(DeliveryQueuedBody b) => new(b.At, b.Point.ToPoint(), new CaptureId(b.CaptureId), b.DueAt);

    private static IdentityEvent.DeliveryEnded Of(DeliveryEndedBody b) =>
        new(b.At, b.Point.ToPoint(), new CaptureId(b.CaptureId), Vocabulary.DeliveryEnds.Read(b.End), b.Reason);

    private static IdentityEvent.AttemptStarted Of(AttemptStartedBody b) =>
        new(b.At, b.Point.ToPoint(), new CaptureId(b.CaptureId), b.Attempt.ToAttempt());

    private static IdentityEvent.AttemptFinished Of(AttemptFinishedBody b) =>
        new(b.At, b.Point.ToPoint(), new CaptureId(b.CaptureId), b.AttemptId, b.Outcome.ToOutcome(), b.Sequel.ToSequel());

    private static IdentityEvent.ObstacleMet Of(ObstacleMetBody b) =>
        new(b.At, b.Point.ToPoint(), new CaptureId(b.CaptureId), b.Outcome.ToOutcome(), b.Sequel.ToSequel());
}
