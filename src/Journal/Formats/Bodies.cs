namespace PasswordSync.Journal.Formats;

// The stored shapes, by value. Member names, in camel case, are the format: a change of one is a new kind of record, never a rename. A parameter
// without a default must be there when it is read; a member that is not listed here is refused.
internal sealed record AccountBody(string Source, Guid ObjectGuid);

internal sealed record StampBody(int Generation, uint Version, long OriginatingSecond, Guid InvocationId);

internal sealed record NamesBody(string DistinguishedName, string SamAccountName, string? UserPrincipalName = null, string? Mail = null, string? ObjectSid = null);

internal sealed record StagesBody(DateTimeOffset CapturedAt, DateTimeOffset SpooledAt, DateTimeOffset ConfirmedAt, DateTimeOffset AcceptedAt);

internal sealed record ChangeBody(Guid CaptureId, AccountBody Account, StampBody Stamp, NamesBody Names, StagesBody Stages, DateTimeOffset ExpiresAt,
    string? CapturedAs = null, bool? MustChangeAtNextLogon = null);

/// <summary>Whence a capture came that did not become a change.</summary>
internal sealed record TraceBody(string AccountName, DateTimeOffset CapturedAt, DateTimeOffset AcceptedAt, string? DomainController = null, Guid? InvocationId = null,
    DateTimeOffset? SpooledAt = null, DateTimeOffset? ConfirmedAt = null);

internal sealed record TargetBody(string Key, string DisplayName, AccountBody? AsSourceAccount = null);

internal sealed record AttemptBody(
    Guid AttemptId,
    string Kind,
    DateTimeOffset StartedAt,
    DateTimeOffset Deadline,
    TargetBody Target,
    bool ProbeFirst,
    string? Baseline = null,
    string? ProbeAgainst = null,
    string? Node = null);

/// <summary>An outcome: its word, and what that word carries.</summary>
internal sealed record OutcomeBody(
    string Outcome, string? Reason = null, DateTimeOffset? Until = null, string? Mark = null, StampBody? WrittenStamp = null, string? Server = null);

/// <summary>A sequel: its word, and what that word carries.</summary>
internal sealed record SequelBody(string Sequel, string? End = null, DateTimeOffset? At = null, bool? Counts = null, string? Reason = null);
