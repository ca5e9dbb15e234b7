namespace PasswordSync.Capture.StampProof;

/// <summary>When the hook of this DC runs.</summary>
public enum HookKind
{
    /// <summary>Inside the write, which may still be refused: Samba's check password script.</summary>
    BeforeCommit,

    /// <summary>After the write is committed: Windows' password filter.</summary>
    AfterCommit,
}

/// <summary>What the stamp proof relies on: docs/spec/stamp-proof.md.</summary>
public sealed record ProofRules
{
    /// <summary>When the hook runs.</summary>
    public required HookKind Hook { get; init; }

    /// <summary>How long after its capture a change is visible at the latest, if it is ever committed. Default 30 s; 1 s to 1 h. Too short, and an accepted change is taken for refused.</summary>
    public TimeSpan CommitWithin { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Before the commit: how long the hook runs after the write's own time at the latest (default 5 s; beyond it the proof is doubtful). After the commit: how long after the write the capture is with the
    /// edge or in the drop folder at the latest (2 s recommended).
    /// </summary>
    public TimeSpan HookWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>By how much another DC's clock may differ from this one's. Default 5 min, as in Kerberos. Only the wording of a verdict depends on it.</summary>
    public TimeSpan ClockSkewMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The shortest pause between two looks. Default 10 ms.</summary>
    public TimeSpan PauseMin { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The longest pause between two looks. Default 1 s.</summary>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The rules for a hook with their defaults.</summary>
    public static ProofRules For(HookKind hook) =>
        new() { Hook = hook, HookWithin = hook == HookKind.BeforeCommit ? TimeSpan.FromSeconds(5) : TimeSpan.FromSeconds(2) };
}
