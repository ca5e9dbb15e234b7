using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Ports;

/// <summary>Which identity writes which target account. Two identities that would write one account are a conflict that an operator must solve.</summary>
public interface ITargetClaims
{
    /// <summary>Claims a target account for an identity if nobody has it yet. Durable when the task ends.</summary>
    /// <returns>The identity that has the claim: the given one, or the one it conflicts with.</returns>
    ValueTask<IdentityId> ClaimAsync(SyncPointId point, string targetKey, IdentityId identity, CancellationToken cancellationToken);

    /// <summary>Gives up all claims of an identity at a point, for when its matching changed.</summary>
    ValueTask ReleaseAsync(SyncPointId point, IdentityId identity, CancellationToken cancellationToken);
}
