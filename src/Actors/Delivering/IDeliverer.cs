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
    /// <returns>That the whole sync point should rest (throttled, circuit open); null to go on.</returns>
    Task<PointRest?> DeliverAsync(IdentityId identity, Offer offer, CancellationToken cancellationToken);
}

/// <summary>A whole sync point should rest.</summary>
/// <param name="Until">Until when nothing new is begun.</param>
/// <param name="IsUntouched">Whether the delivery was not begun and not told of, so that it goes to the end of the queue: behind the others, since it may be what the target rests for.</param>
public sealed record PointRest(DateTimeOffset Until, bool IsUntouched)
{
    /// <summary>Whether only bulk work rests, and people's own changes go on.</summary>
    public bool IsOfBulk { get; init; }

    /// <summary>What it rests for, as a sentence for operators.</summary>
    public string? Why { get; init; }
}
