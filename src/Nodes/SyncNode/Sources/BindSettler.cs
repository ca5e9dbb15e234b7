using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Deliveries;

namespace PasswordSync.SyncNode.Sources;

/// <summary>
/// Settles at the source what an edge could not tell, and confirms what a node does not believe unasked: docs/spec/stamp-proof.md, "At the source". At most two sign-ins as the
/// person each time, newest first, so that nobody is locked out; what they cannot prove stays unknown and is never sent.
/// </summary>
public sealed partial class BindSettler(
    ISecretStore secrets, EnvelopeReader envelopes, Func<SourceId, SourceServers?> servers, TimeProvider clock, ILogger<BindSettler> logger) : ICandidateSettler
{
    /// <summary>How many candidates are tried at most.</summary>
    private const int BindsMax = 2;

    /// <summary>When a source that did not answer is asked again.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(15);

    /// <summary>When a stamp that no server has yet is looked for again, and how long after its arrival it is given up.</summary>
    private static readonly (TimeSpan Interval, TimeSpan Patience) Replication = (TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(15));

    private readonly SourceQuestions questions = new(clock, logger);

    public async Task<CandidateVerdict> SettleAsync(Arrival.Ambiguous ambiguous, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ambiguous);
        if (servers(ambiguous.Account.Source) is not { } source) return new CandidateVerdict.Unknown($"The node does not know the servers of the source '{ambiguous.Account.Source}'.");
        var newest = ambiguous.Candidates[^1].Change;
        var formerTakenUntil = newest.Stamp.OriginatingTime + source.OldPasswordPeriod;
        var isFormerTaken = clock.GetUtcNow() < formerTakenUntil;
        var signingIn = new List<Change>();
        foreach (var candidate in ambiguous.Candidates.Reverse().Take(BindsMax))
        {
            var finding = await SignInAsync(candidate.Change, source, cancellationToken).ConfigureAwait(false);
            if (finding == StampFinding.Same) signingIn.Add(candidate.Change);
            else if (finding != StampFinding.WrongPassword) return Explain(finding, newest, ambiguous.Candidates.Length);

            // Once no former password is taken any more, the one that signs in is the present one.
            if (signingIn.Count > 0 && !isFormerTaken) break;
        }

        if (signingIn.Count == 0) return Unproven(newest, ambiguous.Candidates.Length, "None of the passwords that were tried signs in.");
        if (!isFormerTaken || (signingIn.Count == 1 && ambiguous.Candidates.Length <= BindsMax))
        {
            LogSettled(signingIn[0].CaptureId, ambiguous.Candidates.Length);
            return new CandidateVerdict.Caused(signingIn[0]);
        }

        var wait = formerTakenUntil - clock.GetUtcNow();
        LogFormerTaken(newest.CaptureId, ambiguous.Candidates.Length, formerTakenUntil);
        return new CandidateVerdict.TryAgain(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, "One of the passwords that sign in is the former one.") { IsOfSource = false };
    }

    public async Task<CandidateVerdict> ConfirmAsync(Change change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (servers(change.Account.Source) is not { } source) return new CandidateVerdict.Unknown($"The node does not know the servers of the source '{change.Account.Source}'.");
        var isReader = source.Reader is not null;
        var finding = isReader ? await questions.ReadAsync(source, change, cancellationToken).ConfigureAwait(false) : await SignInAsync(change, source, cancellationToken).ConfigureAwait(false);
        switch (finding)
        {
            case StampFinding.Same or StampFinding.Greater:
                LogConfirmed(change.CaptureId, change.Names.SamAccountName, $"{change.Stamp}");
                return new CandidateVerdict.Caused(change);
            case StampFinding.WrongPassword when isReader:
                return new CandidateVerdict.TryAgain(Replication.Interval, "The source refuses its reading account.") { IsOfSource = false };
            case StampFinding.WrongPassword:
                return Unproven(change, 1, "Its stamp is far ahead of what is known of the account, and its password does not sign in.");
            case StampFinding.Inconclusive when !isReader:
                return Unproven(change, 1, $"Its stamp is far ahead of what is known of the account, which cannot sign in now; give sources.{change.Account.Source} a bindName and a bindPassword, so that its domain controllers can be asked without signing in as the person.");
            default:
                return Explain(finding, change, 1);
        }
    }

    private CandidateVerdict Explain(StampFinding finding, Change newest, int candidates) => finding switch
    {
        StampFinding.Unreachable => new CandidateVerdict.TryAgain(AskAgainAfter, "No server of the source answered."),
        StampFinding.KeyMissing => new CandidateVerdict.TryAgain(AskAgainAfter, "This node does not hold the key of a candidate now.") { IsOfSource = false },
        StampFinding.Behind when clock.GetUtcNow() - newest.Stages.AcceptedAt < Replication.Patience =>
            new CandidateVerdict.TryAgain(Replication.Interval, "No server of the source has the stamp yet.") { IsOfSource = false },
        StampFinding.Behind => Unproven(newest, candidates, $"None of the source's servers has the stamp {newest.Stamp}."),
        StampFinding.Greater => Unproven(newest, candidates, "The domain has a newer password meanwhile."),
        _ => Unproven(newest, candidates, "The account cannot sign in now, whatever the password, or may not be read."),
    };

    private CandidateVerdict.Unknown Unproven(Change newest, int candidates, string reason)
    {
        LogUnproven(newest.CaptureId, newest.Names.SamAccountName, candidates, reason);
        return new CandidateVerdict.Unknown(reason);
    }

    private async Task<StampFinding> SignInAsync(Change change, SourceServers source, CancellationToken cancellationToken)
    {
        if (await secrets.ReadAsync(change.CaptureId, cancellationToken).ConfigureAwait(false) is not { } envelope) return StampFinding.WrongPassword;
        var reading = envelopes.Open(envelope, change);
        if (reading is SecretReading.KeyMissing) return StampFinding.KeyMissing;
        if (reading is not SecretReading.Opened opened) return StampFinding.WrongPassword;
        using (opened.Secret)
        {
            if (!opened.Secret.IsWellFormed) return StampFinding.Inconclusive;
            return await opened.Secret.WithUtf8Async(password => questions.SignInAsync(source, change, password, cancellationToken)).ConfigureAwait(false);
        }
    }

    [LoggerMessage(4101, LogLevel.Information, "Capture {CaptureId} is the one of {Candidates} that the source committed.")]
    private partial void LogSettled(CaptureId captureId, int candidates);

    [LoggerMessage(4102, LogLevel.Warning, "Of '{Account}', which of {Candidates} captures up to {CaptureId} the source committed, or whether, cannot be proven; none is sent. {Reason}")]
    private partial void LogUnproven(CaptureId captureId, string account, int candidates, string reason);

    [LoggerMessage(4105, LogLevel.Information, "Of {Candidates} captures up to {CaptureId}, more than one may sign in while the source takes a former password; settled after {Until:O}.")]
    private partial void LogFormerTaken(CaptureId captureId, int candidates, DateTimeOffset until);

    [LoggerMessage(4106, LogLevel.Information, "The source confirms capture {CaptureId} of '{Account}', whose stamp {Stamp} is far ahead of what was known.")]
    private partial void LogConfirmed(CaptureId captureId, string account, string stamp);
}
