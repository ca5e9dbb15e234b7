using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Capture.StampProof;

/// <summary>
/// Proves which capture caused which stamp: docs/spec/stamp-proof.md. Pure: no clock, no I/O; every time is an argument. Confirms only what
/// is certain under the statements listed there.
/// </summary>
public static class StampProver
{
    /// <summary>Draws the conclusions from one look.</summary>
    public static ProofStep Conclude(AccountProof proof, AccountLook look, ProofRules rules)
    {
        var repeated = Repeated(proof);
        proof = proof with { Open = proof.Open.RemoveRange(repeated.SelectMany(verdict => verdict.Captures)) };
        var known = KnownStamp.After(proof.Known, look);
        var candidates = Candidates.Of(proof, known, look, rules);
        var verdicts = rules.Hook == HookKind.BeforeCommit
            ? BeforeCommit(proof, known, candidates, look, rules)
            : AfterCommit(proof, known, candidates, look, rules);

        var isNewOwn = proof.Known is not null && known.Before is not null && known.Stamp != proof.Known.Stamp && known.Stamp?.InvocationId == look.InvocationId;
        var notCaptured = isNewOwn && rules.Hook == HookKind.BeforeCommit && candidates.Captures.IsEmpty && look.IsNameCertain ? known.Stamp : null;
        return Next(proof, known with { SpokenFor = SpokenFor.By(verdicts) ?? known.SpokenFor }, [.. repeated, .. verdicts], look, rules, notCaptured);
    }

    /// <summary>The verdict that captures had before a restart, if they are those that the remembered stamp was given to: it holds, whatever the directory shows by now.</summary>
    private static ImmutableArray<StampVerdict> Repeated(AccountProof proof)
    {
        if (proof.Known is not { Stamp: { } stamp, SpokenFor: { } spokenFor }) return [];
        var open = proof.Open.Where(capture => spokenFor.Captures.Contains(capture.CaptureId)).ToImmutableArray();
        if (open.IsEmpty) return [];
        return [spokenFor.IsAmbiguous ? new StampVerdict.Ambiguous(open, stamp) : new StampVerdict.Confirmed(open.Single(), stamp)];
    }

    private static ImmutableArray<StampVerdict> BeforeCommit(AccountProof proof, KnownStamp known, Candidates candidates, AccountLook look, ProofRules rules)
    {
        if (candidates is { Captures: [var cause], IsDoubtful: false }) return ConfirmedBeforeCommit(proof, known, cause);

        var verdicts = ImmutableArray.CreateBuilder<StampVerdict>();
        if (candidates.Captures.Length > 0 && NoneIsInFlight(candidates.Captures[^1])) verdicts.AddRange(Ambiguous(candidates.Captures, known.Stamp!.Value));
        foreach (var capture in proof.Open)
        {
            if (!candidates.Captures.Contains(capture) && IsPastBound(capture)) verdicts.Add(WithoutCommit(capture, proof, known, look, rules));
        }

        return verdicts.ToImmutable();

        // From then on none of the candidates can bring another stamp, and no look can tell more of this one. Where it is doubtful which captures are the account's, the
        // next hook does not tell.
        bool NoneIsInFlight(OpenCapture last) => candidates.IsDoubtful ? IsPastBound(last) : look.StartedAt >= Candidates.LatestCommit(proof, proof.Open.IndexOf(last), rules);

        bool IsPastBound(OpenCapture capture) => look.StartedAt >= capture.CapturedAt + rules.CommitWithin;
    }

    private static ImmutableArray<StampVerdict> ConfirmedBeforeCommit(AccountProof proof, KnownStamp known, OpenCapture cause)
    {
        var stamp = known.Stamp!.Value;
        return
        [
            .. proof.Open.Where(capture => capture < cause).Select(Earlier),
            new StampVerdict.Confirmed(cause, stamp),
        ];

        // Where the password was written once since a stamp that was there before the capture, and that once is spoken for, the capture was refused.
        StampVerdict Earlier(OpenCapture capture) => known.Rises == 1 && known.Before!.FirstSeenAt <= capture.CapturedAt
            ? new StampVerdict.RefusedBySource(capture)
            : new StampVerdict.Superseded(capture, cause.CaptureId, stamp);
    }

    /// <summary>The bound is over, and the known stamp is not this capture's.</summary>
    private static StampVerdict WithoutCommit(OpenCapture capture, AccountProof proof, KnownStamp known, AccountLook look, ProofRules rules)
    {
        if (known.Stamp is not { } stamp || known.FirstSeenAt < capture.CapturedAt) return new StampVerdict.RefusedBySource(capture);
        var second = Stamp.ToOriginatingSecond(capture.CapturedAt);
        if (stamp.InvocationId == look.InvocationId)
        {
            var isLater = known.SpokenFor is not null ? proof.SettledThrough > capture.CapturedAt : stamp.OriginatingSecond >= second;
            return isLater ? new StampVerdict.Superseded(capture, By: null, stamp) : new StampVerdict.RefusedBySource(capture);
        }

        var isOld = known.Before is null && stamp.OriginatingSecond + (long)rules.ClockSkewMax.TotalSeconds < second;
        return isOld ? new StampVerdict.RefusedBySource(capture) : new StampVerdict.Overtaken(capture, stamp);
    }

    private static ImmutableArray<StampVerdict> AfterCommit(AccountProof proof, KnownStamp known, Candidates candidates, AccountLook look, ProofRules rules)
    {
        var verdicts = ImmutableArray.CreateBuilder<StampVerdict>();
        var everythingIsObserved = look.ObservedThrough >= known.FirstSeenAt + rules.HookWithin;
        CaptureId? by = null;
        if (candidates is { Captures: [var cause], IsDoubtful: false } && (everythingIsObserved || IsTheOnlyWrite(cause)))
        {
            verdicts.Add(new StampVerdict.Confirmed(cause, known.Stamp!.Value));
            by = cause.CaptureId;
        }
        else if (candidates.Captures.Length > 0 && everythingIsObserved && candidates.Captures[^1].CapturedAt <= look.StartedAt)
        {
            // All their changes are in what this look saw: none of them can bring a stamp of its own any more.
            verdicts.AddRange(Ambiguous(candidates.Captures, known.Stamp!.Value));
        }

        foreach (var capture in proof.Open.Where(capture => !candidates.Captures.Contains(capture)))
        {
            if (AfterItsCommit(capture, known, by, look, rules) is { } verdict) verdicts.Add(verdict);
        }

        return verdicts.ToImmutable();

        // One rise since a stamp that was there before this capture's change, which is in what the last look saw: then the rise is its.
        bool IsTheOnlyWrite(OpenCapture capture) =>
            known.Rises == 1 && known.Before!.FirstSeenAt <= capture.CapturedAt - rules.HookWithin && capture.CapturedAt <= known.LastStartedAt;
    }

    /// <summary>The change is committed, and the known stamp is not this capture's; null while that can still become clearer.</summary>
    private static StampVerdict? AfterItsCommit(OpenCapture capture, KnownStamp known, CaptureId? by, AccountLook look, ProofRules rules)
    {
        var earliest = capture.CapturedAt - rules.HookWithin;
        if (look.StartedAt >= capture.CapturedAt && known.Stamp is { } stamp)
        {
            // The look saw the change or what came after it, unless what it saw is older than the change can be.
            if (stamp.InvocationId != look.InvocationId)
            {
                if (known.Before is null || known.FirstSeenAt >= earliest) return new StampVerdict.Overtaken(capture, stamp);
            }
            else if (stamp.OriginatingSecond >= Stamp.ToOriginatingSecond(earliest) && (known.WrittenAt ?? earliest) >= earliest)
            {
                return new StampVerdict.Superseded(capture, by, stamp);
            }
        }

        return look.StartedAt >= capture.CapturedAt + rules.CommitWithin
            ? new StampVerdict.Unconfirmed(capture, "the directory does not show the change, although its hook ran after the commit.")
            : null;
    }

    private static IEnumerable<StampVerdict> Ambiguous(ImmutableArray<OpenCapture> candidates, Stamp stamp)
    {
        var tooMany = Math.Max(0, candidates.Length - AmbiguousCaptures.CandidatesMax);
        foreach (var capture in candidates[..tooMany])
        {
            yield return new StampVerdict.Unconfirmed(capture, $"more than {AmbiguousCaptures.CandidatesMax} changes within a second may have caused one stamp.");
        }

        yield return new StampVerdict.Ambiguous(candidates[tooMany..], stamp);
    }

    private static ProofStep Next(AccountProof proof, KnownStamp known, ImmutableArray<StampVerdict> verdicts, AccountLook look, ProofRules rules, Stamp? notCaptured)
    {
        var settled = verdicts.SelectMany(verdict => verdict.Captures).ToHashSet();
        var open = proof.Open.RemoveAll(settled.Contains);
        var settledThrough = proof.SettledThrough;
        foreach (var capture in settled)
        {
            if (settledThrough is null || capture.CapturedAt > settledThrough) settledThrough = capture.CapturedAt;
        }

        DateTimeOffset? lookAgainAt = open.IsEmpty ? null : NextLook(look.CompletedAt, open[^1].CapturedAt, rules);
        var everythingIsObservedAt = known.FirstSeenAt + rules.HookWithin;
        if (rules.Hook == HookKind.AfterCommit && look.CompletedAt < everythingIsObservedAt && everythingIsObservedAt < lookAgainAt) lookAgainAt = everythingIsObservedAt;
        return new ProofStep(new AccountProof(known, open, settledThrough), verdicts, lookAgainAt, notCaptured);
    }

    /// <summary>When to look after a look at <paramref name="now"/>: when the age of the newest open capture has doubled, within the rules' pauses.</summary>
    public static DateTimeOffset NextLook(DateTimeOffset now, DateTimeOffset newestCapturedAt, ProofRules rules)
    {
        var age = now - newestCapturedAt;
        return now + (age < rules.PauseMin ? rules.PauseMin : age > rules.PauseMax ? rules.PauseMax : age);
    }
}
