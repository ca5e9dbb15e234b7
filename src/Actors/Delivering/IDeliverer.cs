using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;

namespace PasswordSync.Actors.Delivering;

/// <summary>
/// Carries one due delivery out: opens the envelope, finds the account, asks the identity for an attempt, writes, and tells the outcome. One object per sync
/// point and node; called by several at once.
/// </summary>
public interface IDeliverer
{
    /// <summary>Never throws but for cancellation: whatever goes wrong is an outcome told to the identity, or left to the attempt's deadline.</summary>
    /// <returns>Until when the whole sync point should rest (throttled, circuit open); null to go on.</returns>
    Task<DateTimeOffset?> DeliverAsync(IdentityId identity, Offer offer, CancellationToken cancellationToken);
}
