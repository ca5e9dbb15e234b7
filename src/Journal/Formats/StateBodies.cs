namespace PasswordSync.Journal.Formats;

// The shape of a snapshot; see Bodies.cs for the rules.
internal sealed record StateBody(
    long Sequence, IReadOnlyList<LatestStampBody> LatestStamps, IReadOnlyList<AssignedPointBody> Points, IReadOnlyList<Guid> RecentCaptures, ChangeBody? Newest = null,
    IReadOnlyList<LeftPointBody>? LeftInDoubt = null, IReadOnlyList<AccountScopeBody>? Scopes = null);

internal sealed record LatestStampBody(string Source, StampBody Stamp);

/// <summary>The points that the scopes of one account assign.</summary>
internal sealed record AccountScopeBody(AccountBody Account, IReadOnlyList<string> Points);

internal sealed record AssignedPointBody(string Point, PointBody State);

/// <summary>A point that left the scope, and what is not known about attempts there.</summary>
internal sealed record LeftPointBody(string Point, UnresolvedBody? Unresolved = null, DateTimeOffset? LateRiskSince = null);

/// <summary>Where a point stands: its word, and what that word carries.</summary>
internal sealed record PointBody(
    string State,
    SettlementBody? Last = null,
    DeliveryBody? Delivery = null,
    DateTimeOffset? DueAt = null,
    string? LastFailure = null,
    AttemptBody? Attempt = null,
    DeliveryBody? Next = null,
    string? AfterFlight = null,
    string? ParkReason = null,
    string? Explanation = null,
    string? Mark = null,
    UnresolvedBody? Unresolved = null,
    DateTimeOffset? LateRiskSince = null,
    bool? AwaitsMend = null);

internal sealed record SettlementBody(Guid CaptureId, string End, DateTimeOffset At, string? Reason = null);

internal sealed record DeliveryBody(ChangeBody Change, int FailedAttempts);

internal sealed record UnresolvedBody(Guid CaptureId, int Count, DateTimeOffset Since, string? Baseline = null);
