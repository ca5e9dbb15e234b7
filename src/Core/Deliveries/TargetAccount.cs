using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Deliveries;

/// <summary>The account in the target that a delivery writes to.</summary>
/// <param name="Key">The target's own lasting key for it (objectGUID, entryUUID, row id, …), as text; at most 512 characters. Two identities never share one.</param>
/// <param name="DisplayName">How people know it there (a DN, a login name).</param>
/// <param name="AsSourceAccount">Where the target is itself a source: the same account under that source; else null.</param>
public sealed record TargetAccount(string Key, string DisplayName, AccountId? AsSourceAccount);
