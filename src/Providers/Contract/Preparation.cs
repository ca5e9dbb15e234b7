using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Providers.Contract;

/// <summary>Whom to look for in a target.</summary>
/// <param name="CaptureId">The change that is to be delivered.</param>
/// <param name="Account">The account of the source whose password changed.</param>
/// <param name="Names">What the source's directory called it then.</param>
public sealed record TargetQuery(CaptureId CaptureId, AccountId Account, AccountNames Names);

/// <summary>What looking for an account came to. A closed set.</summary>
public abstract record Preparation
{
    private Preparation() { }

    /// <summary>Exactly one account matches.</summary>
    /// <param name="Target">The account in the target.</param>
    /// <param name="Mark">The mark of its password now; null where the target shows none.</param>
    public sealed record Found(TargetAccount Target, TargetMark? Mark) : Preparation
    {
        /// <summary>Where the target is itself a source: the stamp of the account's password now; null where it has none, or shows none.</summary>
        public Stamp? PresentStamp { get; init; }
    }

    /// <summary>No attempt can begin.</summary>
    /// <param name="Outcome">Why; never a success, and never <see cref="DeliveryOutcome.Unknown"/>, since nothing was written.</param>
    public sealed record Obstacle(DeliveryOutcome Outcome) : Preparation;
}
