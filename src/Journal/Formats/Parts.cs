using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Journal.Formats;

/// <summary>The parts that several records have in common, to and from their stored shapes.</summary>
internal static class Parts
{
    public static AccountBody ToBody(this AccountId account) => new(account.Source.Value, account.ObjectGuid);

    public static AccountId ToAccount(this AccountBody body) => new(body.Source.ToSource(), body.ObjectGuid);

    /// <exception cref="UnreadableRecordException">It is no source's name.</exception>
    public static SourceId ToSource(this string name) =>
        SourceId.IsValid(name) ? new SourceId(name) : throw new UnreadableRecordException($"A stored record names the source '{name}', which is no source's name.");

    /// <exception cref="UnreadableRecordException">It is no sync point's name.</exception>
    public static SyncPointId ToPoint(this string name) =>
        SyncPointId.IsValid(name) ? new SyncPointId(name) : throw new UnreadableRecordException($"A stored record names the sync point '{name}', which is no sync point's name.");

    public static StampBody ToBody(this Stamp stamp) => new(stamp.Generation, stamp.Version, stamp.OriginatingSecond, stamp.InvocationId);

    public static Stamp ToStamp(this StampBody body) => new(body.Generation, body.Version, body.OriginatingSecond, body.InvocationId);

    public static ChangeBody ToBody(this Change change) => new(
        change.CaptureId.Value,
        change.Account.ToBody(),
        change.Stamp.ToBody(),
        new NamesBody(change.Names.DistinguishedName, change.Names.SamAccountName, change.Names.UserPrincipalName, change.Names.Mail, change.Names.ObjectSid),
        new StagesBody(change.Stages.CapturedAt, change.Stages.SpooledAt, change.Stages.ConfirmedAt, change.Stages.AcceptedAt),
        change.ExpiresAt,
        change.CapturedAs,
        change.MustChangeAtNextLogon ? true : null);

    public static Change ToChange(this ChangeBody body) => new(
        new CaptureId(body.CaptureId),
        body.Account.ToAccount(),
        body.Stamp.ToStamp(),
        new AccountNames(body.Names.DistinguishedName, body.Names.SamAccountName, body.Names.UserPrincipalName, body.Names.Mail) { ObjectSid = body.Names.ObjectSid },
        new StageTimes(body.Stages.CapturedAt, body.Stages.SpooledAt, body.Stages.ConfirmedAt, body.Stages.AcceptedAt),
        body.ExpiresAt)
    {
        CapturedAs = body.CapturedAs,
        MustChangeAtNextLogon = body.MustChangeAtNextLogon ?? false,
    };

    public static TraceBody ToBody(this CaptureTrace trace) =>
        new(trace.AccountName, trace.CapturedAt, trace.AcceptedAt, trace.DomainController, trace.InvocationId, trace.SpooledAt, trace.ConfirmedAt);

    public static CaptureTrace ToTrace(this TraceBody body) => new(body.AccountName, body.CapturedAt, body.AcceptedAt)
    {
        DomainController = body.DomainController,
        InvocationId = body.InvocationId,
        SpooledAt = body.SpooledAt,
        ConfirmedAt = body.ConfirmedAt,
    };

    public static AttemptBody ToBody(this Attempt attempt) => new(
        attempt.AttemptId,
        Vocabulary.AttemptKinds.Of(attempt.Kind),
        attempt.StartedAt,
        attempt.Deadline,
        new TargetBody(attempt.Target.Key, attempt.Target.DisplayName, attempt.Target.AsSourceAccount?.ToBody()),
        attempt.ProbeFirst,
        attempt.Baseline?.Value,
        attempt.ProbeAgainst?.Value,
        attempt.Node);

    public static Attempt ToAttempt(this AttemptBody body) => new(
        body.AttemptId,
        Vocabulary.AttemptKinds.Read(body.Kind),
        body.StartedAt,
        body.Deadline,
        new TargetAccount(body.Target.Key, body.Target.DisplayName, body.Target.AsSourceAccount?.ToAccount()),
        body.Baseline.ToMark(),
        body.ProbeAgainst.ToMark(),
        body.ProbeFirst)
    {
        Node = body.Node,
    };

    public static TargetMark? ToMark(this string? value) => value is null ? null : new TargetMark(value);

    /// <summary>A member that the record's word cannot do without.</summary>
    public static T Needed<T>(this T? value, string member) where T : class => value ?? throw Missing(member);

    /// <inheritdoc cref="Needed{T}(T?, string)"/>
    public static T Needed<T>(this T? value, string member) where T : struct => value ?? throw Missing(member);

    private static UnreadableRecordException Missing(string member) => new($"A stored record lacks its member '{member}'.");
}
