using PasswordSync.Core.Stamps;

namespace PasswordSync.Capture.StampProof;

/// <summary>One reading of an account's stamp on this DC.</summary>
/// <param name="StartedAt">When the search began.</param>
/// <param name="CompletedAt">When its answer was there.</param>
/// <param name="ObservedThrough">Every capture that was acknowledged or dropped before this moment is among the observed ones. Not before <paramref name="CompletedAt"/>.</param>
/// <param name="InvocationId">The present invocation id of this DC.</param>
/// <param name="Stamp">The stamp of <c>unicodePwd</c>; null if no password was ever set.</param>
/// <param name="WrittenAt">The stamp's writing time, if the directory gives it: docs/spec/stamp-proof.md, A7.</param>
/// <param name="IsNameCertain">Captures of the write that made the stamp were made under the name by which the account was found, or by its RID.</param>
public sealed record AccountLook(
    DateTimeOffset StartedAt,
    DateTimeOffset CompletedAt,
    DateTimeOffset ObservedThrough,
    Guid InvocationId,
    Stamp? Stamp,
    DateTimeOffset? WrittenAt,
    bool IsNameCertain);
