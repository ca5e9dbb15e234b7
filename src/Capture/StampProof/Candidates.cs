using System.Collections.Immutable;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Capture.StampProof;

/// <summary>The open captures that may have caused the known stamp: docs/spec/stamp-proof.md, "What may have caused an own stamp".</summary>
/// <param name="Captures">Oldest first.</param>
/// <param name="IsDoubtful">Even a single one is not proven.</param>
internal sealed record Candidates(ImmutableArray<OpenCapture> Captures, bool IsDoubtful)
{
    private static readonly Candidates None = new([], IsDoubtful: false);

    public static Candidates Of(AccountProof proof, KnownStamp known, AccountLook look, ProofRules rules)
    {
        if (known.Stamp is not { } stamp || stamp.InvocationId != look.InvocationId || known.SpokenFor is not null) return None;
        return rules.Hook == HookKind.BeforeCommit ? BeforeCommit(proof, known, stamp, look, rules) : AfterCommit(proof, known, stamp, look, rules);
    }

    private static Candidates BeforeCommit(AccountProof proof, KnownStamp known, Stamp stamp, AccountLook look, ProofRules rules)
    {
        var isDoubtful = !look.IsNameCertain;
        var possible = Enumerable.Range(0, proof.Open.Length).Where(i => CanHaveCaused(i)).Select(i => proof.Open[i]).ToImmutableArray();
        if (known.WrittenAt is not { } writtenAt) return new Candidates(possible, isDoubtful);

        // The first hook after the writing time is that of the write itself. If captures that are settled by now came after it too, it may have been theirs.
        if (proof.SettledThrough >= writtenAt) return new Candidates(possible, IsDoubtful: true);
        var after = proof.Open.Where(capture => capture.CapturedAt >= writtenAt).ToImmutableArray();
        if (after.IsEmpty) return None;
        var first = after[0].CapturedAt;
        return new Candidates([.. possible.Where(capture => capture.CapturedAt == first)], isDoubtful || first - writtenAt > rules.HookWithin);

        bool CanHaveCaused(int i)
        {
            var capturedAt = proof.Open[i].CapturedAt;
            var latestCommit = LatestCommit(proof, i, rules);
            if (latestCommit > known.FirstSeenAt) latestCommit = known.FirstSeenAt;
            return capturedAt <= known.FirstSeenAt
                && (known.Before is not { } before || LatestCommit(proof, i, rules) >= before.LastStartedAt)
                && Stamp.ToOriginatingSecond(capturedAt) <= stamp.OriginatingSecond
                && stamp.OriginatingSecond <= Stamp.ToOriginatingSecond(latestCommit);
        }
    }

    /// <summary>Hook before the commit: when the change of an open capture is committed or given up. Own writes do not overlap: at the latest when the account's next hook runs.</summary>
    public static DateTimeOffset LatestCommit(AccountProof proof, int i, ProofRules rules)
    {
        var capturedAt = proof.Open[i].CapturedAt;
        var latest = capturedAt + rules.CommitWithin;
        var next = i + 1 < proof.Open.Length ? proof.Open[i + 1].CapturedAt : proof.SettledThrough;
        return next >= capturedAt && next < latest ? next.Value : latest;
    }

    private static Candidates AfterCommit(AccountProof proof, KnownStamp known, Stamp stamp, AccountLook look, ProofRules rules)
    {
        var possible = proof.Open.Where(capture =>
        {
            var earliest = capture.CapturedAt - rules.HookWithin;
            return earliest <= known.FirstSeenAt
                && (known.Before is null || capture.CapturedAt >= known.Before.LastStartedAt)
                && Stamp.ToOriginatingSecond(earliest) <= stamp.OriginatingSecond
                && stamp.OriginatingSecond <= Stamp.ToOriginatingSecond(capture.CapturedAt)
                && (known.WrittenAt is not { } writtenAt || (earliest <= writtenAt && writtenAt <= capture.CapturedAt));
        });
        return new Candidates([.. possible], IsDoubtful: !look.IsNameCertain);
    }
}
