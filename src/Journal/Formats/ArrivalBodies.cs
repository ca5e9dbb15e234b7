namespace PasswordSync.Journal.Formats;

// The shapes of what waits in the inbox; see Bodies.cs for the rules. Envelopes are not in them.
internal sealed record ConfirmedBody(ChangeBody Change, IReadOnlyList<string> Scopes);

internal sealed record AmbiguousBody(IReadOnlyList<ChangeBody> Candidates, IReadOnlyList<string> Scopes);

internal sealed record ReportBody(Guid CaptureId, AccountBody Account, string Verdict, DateTimeOffset CapturedAt, DateTimeOffset AcceptedAt, TraceBody? Trace = null);
