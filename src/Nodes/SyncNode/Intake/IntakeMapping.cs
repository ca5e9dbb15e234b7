using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.SyncNode.Intake;

/// <summary>Checks what an edge brought and turns it into arrivals. Pure.</summary>
/// <param name="edge">Who brought it, by its certificate.</param>
/// <param name="generation">The source's generation.</param>
/// <param name="maximumAge">How long after its capture a change may be delivered.</param>
/// <param name="keys">The keys that envelopes may be sealed to.</param>
/// <param name="mayLackKeys">Whether another node may have keys that this one lacks.</param>
/// <param name="now">The time of acceptance.</param>
internal sealed class IntakeMapping(PeerName.Edge edge, int generation, TimeSpan maximumAge, IPrivateKeySource keys, bool mayLackKeys, DateTimeOffset now)
{
    /// <summary>An arrival, or the answers that are given at once.</summary>
    public (Arrival? Arrival, ImmutableArray<CaptureAnswer> Answers) Map(IntakeItem item) => item switch
    {
        ConfirmedCapture confirmed => Confirm(confirmed),
        AmbiguousCaptures ambiguous => Collect(ambiguous),
        CaptureReport report => Note(report),
        _ => throw new InvalidOperationException($"Internal error: unknown item {item.GetType().Name}."),
    };

    private (Arrival?, ImmutableArray<CaptureAnswer>) Confirm(ConfirmedCapture item)
    {
        var read = Read(item.CaptureId, item.Envelope, item.CapturedAt, item.Names);
        var refusal = read.Refusal ?? RefuseScopes(item.CaptureId, item.Scopes);
        if (refusal is not null) return (null, [refusal]);
        var change = ToChange(item.CaptureId, item.ObjectGuid, item.Stamp, item.Names, item.CapturedAt, item.SpooledAt, item.ConfirmedAt) with
        {
            CapturedAs = read.CapturedAs,
            MustChangeAtNextLogon = item.MustChangeAtNextLogon,
        };

        // Under another name it may be another person's password: a bind settles that, as it settles which of several captures was committed.
        return change.CapturedAs is null
            ? (new Arrival.Confirmed(change, item.Scopes, item.Envelope), [])
            : (new Arrival.Ambiguous([new Candidate(change, item.Envelope)], item.Scopes), []);
    }

    private (Arrival?, ImmutableArray<CaptureAnswer>) Collect(AmbiguousCaptures item)
    {
        if (item.Candidates.Length is 0 or > AmbiguousCaptures.CandidatesMax)
        {
            return (null, [.. item.CaptureIds.Select(id => CaptureAnswer.Refused(id, RefusalReason.Malformed, $"{item.Candidates.Length} candidates: 1 to {AmbiguousCaptures.CandidatesMax} are taken."))]);
        }

        // One bad candidate spoils the question which of them it was: all are refused.
        var read = item.Candidates.Select(candidate => (Candidate: candidate, Envelope: Read(candidate.CaptureId, candidate.Envelope, candidate.CapturedAt, item.Names))).ToList();
        var refusal = read.Select(entry => entry.Envelope.Refusal).FirstOrDefault(found => found is not null) ?? RefuseScopes(item.Candidates[0].CaptureId, item.Scopes);
        if (refusal is not null) return (null, [.. item.CaptureIds.Select(id => refusal with { CaptureId = id })]);
        var candidates = read.Select(entry => new Candidate(
            ToChange(entry.Candidate.CaptureId, item.ObjectGuid, item.Stamp, item.Names, entry.Candidate.CapturedAt, entry.Candidate.SpooledAt, item.ConfirmedAt) with
            {
                CapturedAs = entry.Envelope.CapturedAs,
                MustChangeAtNextLogon = item.MustChangeAtNextLogon,
            },
            entry.Candidate.Envelope));
        return (new Arrival.Ambiguous([.. candidates], item.Scopes), []);
    }

    private (Arrival?, ImmutableArray<CaptureAnswer>) Note(CaptureReport report)
    {
        // A report of an account that the directory does not have is taken note of in the log alone: there is no identity to keep it.
        return report.ObjectGuid is { } account
            ? (new Arrival.Report(report.CaptureId, new AccountId(edge.Source, account), report.Verdict, report.CapturedAt, now) { Trace = TraceOf(report) }, [])
            : (null, [CaptureAnswer.Accepted(report.CaptureId)]);
    }

    private CaptureTrace TraceOf(CaptureReport report)
    {
        var name = report.AccountName.Length > CaptureTrace.AccountNameLengthMax ? report.AccountName[..CaptureTrace.AccountNameLengthMax] : report.AccountName;
        return new CaptureTrace(name, report.CapturedAt, now) { DomainController = edge.DomainController };
    }

    /// <summary>Why it is refused, or the name in the envelope where it is not the account's.</summary>
    private (CaptureAnswer? Refusal, string? CapturedAs) Read(CaptureId captureId, ReadOnlyMemory<byte> envelope, DateTimeOffset capturedAt, AccountNames names)
    {
        if (!Envelope.TryReadDescription(envelope.Span, out var description, out var keyId, out var structure)) return Refuse(RefusalReason.Malformed, $"The envelope is malformed: {structure}");
        if (description.Source != edge.Source.Value) return Refuse(RefusalReason.WrongSource, $"The envelope is of the source '{description.Source}', the certificate of '{edge.Source}'.");
        if (description.DomainController != edge.DomainController)
        {
            return Refuse(RefusalReason.WrongDomainController, $"The envelope is of the DC '{description.DomainController}', the certificate of '{edge.DomainController}'.");
        }

        var wrong = new ExpectedBinding(edge.Cluster, edge.Source.Value, edge.DomainController, captureId.Value).Check(description);
        if (wrong is not null) return Refuse(RefusalReason.WrongBinding, $"{wrong}");
        var account = AccountBindings.Compare(description, names);
        if (account == AccountBinding.OtherAccount)
        {
            return Refuse(RefusalReason.WrongBinding, $"The envelope is of the account {AccountBindings.Describe(description)}, the capture of '{names.SamAccountName}' with SID {names.ObjectSid ?? "(none)"}.");
        }

        var lookup = keys.Find(keyId);
        if (lookup == default && mayLackKeys) return (CaptureAnswer.TryAgain(captureId, $"The key {keyId} is not on this node yet, and not every node could be asked for it."), null);
        if (lookup.Key is null) return Refuse(RefusalReason.UnknownKey, $"The key {keyId} is not, or no longer, one of the cluster's.");
        if (ExpiryOf(capturedAt) <= now) return Refuse(RefusalReason.TooOld, $"It was captured at {capturedAt:u} and changes are delivered for {maximumAge}.");
        return (null, account == AccountBinding.Same ? null : description.AccountName);

        (CaptureAnswer, string?) Refuse(RefusalReason reason, string detail) => (CaptureAnswer.Refused(captureId, reason, detail), null);
    }

    private static CaptureAnswer? RefuseScopes(CaptureId captureId, ImmutableArray<string> scopes) =>
        scopes.IsDefaultOrEmpty ? CaptureAnswer.Refused(captureId, RefusalReason.Malformed, "It names no scope.") : null;

    private Change ToChange(
        CaptureId captureId, Guid objectGuid, ProvenStamp stamp, AccountNames names, DateTimeOffset capturedAt, DateTimeOffset spooledAt, DateTimeOffset confirmedAt) => new(
            captureId,
            new AccountId(edge.Source, objectGuid),
            new Stamp(generation, stamp.Version, stamp.OriginatingSecond, stamp.InvocationId),
            names,
            new StageTimes(capturedAt, spooledAt, confirmedAt, now),
            ExpiryOf(capturedAt));

    // A DC whose clock is ahead must not make a secret live longer than the maximum age from now.
    private DateTimeOffset ExpiryOf(DateTimeOffset capturedAt) => (capturedAt < now ? capturedAt : now) + maximumAge;
}
