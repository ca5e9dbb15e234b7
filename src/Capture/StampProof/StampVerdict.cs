using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Capture.StampProof;

/// <summary>What became of a capture. A closed set; each capture gets one.</summary>
public abstract record StampVerdict
{
    private StampVerdict()
    {
    }

    /// <summary>The captures it is about.</summary>
    public abstract ImmutableArray<OpenCapture> Captures { get; }

    /// <summary>The capture caused the stamp.</summary>
    public sealed record Confirmed(OpenCapture Capture, Stamp Stamp) : StampVerdict
    {
        public override ImmutableArray<OpenCapture> Captures => [Capture];
    }

    /// <summary>A later change of this DC is the password now.</summary>
    /// <param name="By">The later capture, where known.</param>
    /// <param name="Stamp">The stamp of the later change.</param>
    public sealed record Superseded(OpenCapture Capture, CaptureId? By, Stamp Stamp) : StampVerdict
    {
        public override ImmutableArray<OpenCapture> Captures => [Capture];
    }

    /// <summary>The change was never committed.</summary>
    public sealed record RefusedBySource(OpenCapture Capture) : StampVerdict
    {
        public override ImmutableArray<OpenCapture> Captures => [Capture];
    }

    /// <summary>A change of another DC is the password now.</summary>
    public sealed record Overtaken(OpenCapture Capture, Stamp Stamp) : StampVerdict
    {
        public override ImmutableArray<OpenCapture> Captures => [Capture];
    }

    /// <summary>One of them may have caused the stamp; which, or whether, only a bind can tell.</summary>
    /// <param name="Candidates">1 to 16, oldest first.</param>
    public sealed record Ambiguous(ImmutableArray<OpenCapture> Candidates, Stamp Stamp) : StampVerdict
    {
        public override ImmutableArray<OpenCapture> Captures => Candidates;
    }

    /// <summary>It cannot be told; never sent.</summary>
    /// <param name="Reason">A sentence for the operator.</param>
    public sealed record Unconfirmed(OpenCapture Capture, string Reason) : StampVerdict
    {
        public override ImmutableArray<OpenCapture> Captures => [Capture];
    }
}

/// <summary>What a look led to.</summary>
/// <param name="Proof">The account from now on.</param>
/// <param name="Verdicts">On captures that are open no more.</param>
/// <param name="LookAgainAt">When to look next; null if no capture is open.</param>
/// <param name="NotCaptured">A new own stamp that no capture can have caused; null if there is none.</param>
public sealed record ProofStep(AccountProof Proof, ImmutableArray<StampVerdict> Verdicts, DateTimeOffset? LookAgainAt, Stamp? NotCaptured);
