using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Providers.Contract;

/// <summary>A question whether a password is in the target.</summary>
/// <param name="Target">The account.</param>
/// <param name="Kind">For <see cref="AttemptKind.Write"/> the password may have arrived by an earlier attempt; for <see cref="AttemptKind.Recheck"/> it had arrived and an older one may have replaced it.</param>
/// <param name="Against">The mark to compare with: before the earlier attempt, or after our write; null if there is none.</param>
public sealed record ProbeRequest(TargetAccount Target, AttemptKind Kind, TargetMark? Against)
{
    /// <summary>The change whose password is looked for; null if it is none of a change's, as when an operator asks.</summary>
    public CaptureId? CaptureId { get; init; }
}

/// <summary>Whether a password is in the target. A closed set.</summary>
public abstract record ProbeVerdict
{
    private ProbeVerdict() { }

    /// <summary>The target has it.</summary>
    /// <param name="Mark">The account's mark now; null where the target shows none.</param>
    /// <param name="WrittenStamp">Where the target is itself a source: the stamp that our earlier write caused, if that can be told.</param>
    public sealed record Present(TargetMark? Mark, Stamp? WrittenStamp) : ProbeVerdict;

    /// <summary>The target does not have it.</summary>
    public sealed record Absent : ProbeVerdict;

    /// <summary>It cannot be told.</summary>
    /// <param name="Reason">Why, for people; redacted.</param>
    public sealed record Inconclusive(string Reason) : ProbeVerdict;
}
