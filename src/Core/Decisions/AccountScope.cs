using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Decisions;

/// <summary>The sync points that the scopes of one account assign. Equal by value.</summary>
public sealed record AccountScope(AccountId Account, ImmutableSortedSet<SyncPointId> Points)
{
    public bool Equals(AccountScope? other) => other is not null && Account == other.Account && Points.SetEquals(other.Points);

    public override int GetHashCode() => HashCode.Combine(Account, Points.Count);
}
