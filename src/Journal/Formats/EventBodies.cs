namespace PasswordSync.Journal.Formats;

// One shape per kind of event; see Bodies.cs for the rules.
internal sealed record CaptureAcceptedBody(DateTimeOffset At, ChangeBody Change, IReadOnlyList<string>? Scopes = null, IReadOnlyList<string>? Queued = null);

internal sealed record CaptureIgnoredBody(DateTimeOffset At, Guid CaptureId, AccountBody Account, StampBody Stamp, string Reason, TraceBody? Trace = null);

internal sealed record CaptureReportedBody(DateTimeOffset At, Guid CaptureId, AccountBody Account, string Verdict, DateTimeOffset CapturedAt, TraceBody? Trace = null);

internal sealed record AccountScopedBody(DateTimeOffset At, AccountBody Account, IReadOnlyList<string> Points, IReadOnlyList<string>? Joined = null);

internal sealed record PointAssignedBody(DateTimeOffset At, string Point);

internal sealed record PointWithdrawnBody(DateTimeOffset At, string Point);

internal sealed record DeliveryQueuedBody(DateTimeOffset At, string Point, Guid CaptureId, DateTimeOffset DueAt);

internal sealed record DeliveryEndedBody(DateTimeOffset At, string Point, Guid CaptureId, string End, string? Reason = null);

internal sealed record AttemptStartedBody(DateTimeOffset At, string Point, Guid CaptureId, AttemptBody Attempt);

internal sealed record AttemptFinishedBody(
    DateTimeOffset At, string Point, Guid CaptureId, Guid AttemptId, OutcomeBody Outcome, SequelBody Sequel);

internal sealed record ObstacleMetBody(DateTimeOffset At, string Point, Guid CaptureId, OutcomeBody Outcome, SequelBody Sequel);
