using System.Collections.Immutable;

namespace PasswordSync.Core.Decisions;

/// <summary>What a command leads to: events to journal, or a refusal with a named reason, or a wish to be asked again.</summary>
/// <param name="Events">To be appended and applied in this order; empty if nothing happened.</param>
/// <param name="Refusal">Why the command was refused; null if it was not.</param>
/// <param name="AskAgainAt">The command cannot be decided now, as the state around it is; it can at this time at the latest. Null if it was decided.</param>
public sealed record Decision(ImmutableArray<IdentityEvent> Events, DecisionRefusal? Refusal, DateTimeOffset? AskAgainAt)
{
    /// <summary>The capture is not to be believed before a domain controller of its source was asked; then the command comes again, or the capture is reported as unconfirmed.</summary>
    public bool IsToBeConfirmed { get; init; }

    /// <summary>See <see cref="IsToBeConfirmed"/>.</summary>
    public static Decision ConfirmFirst { get; } = new([], null, null) { IsToBeConfirmed = true };

    /// <summary>Nothing happened, and nothing needed to.</summary>
    public static Decision Nothing { get; } = new([], null, null);

    public static Decision Of(params ImmutableArray<IdentityEvent> events) => new(events, null, null);

    public static Decision Refuse(DecisionRefusal refusal) => new([], refusal, null);

    public static Decision AskAgain(DateTimeOffset at) => new([], null, at);
}

/// <summary>Why a command was refused.</summary>
public enum DecisionRefusal
{
    /// <summary>The identity's scope does not have this sync point.</summary>
    PointNotAssigned,

    /// <summary>The change is not, or no longer, the one to deliver there.</summary>
    NotTheCurrentDelivery,

    /// <summary>It is not due yet.</summary>
    NotDueYet,

    /// <summary>An attempt is in flight; wait for its end.</summary>
    AttemptInFlight,

    /// <summary>The attempt is not the one in flight: it was given up after its deadline.</summary>
    AttemptNotCurrent,

    /// <summary>The deadline is not in the future.</summary>
    DeadlineTooShort,

    /// <summary>The change is older than the maximum age.</summary>
    Expired,

    /// <summary>Nothing waits or is parked at this point.</summary>
    NothingToDo,

    /// <summary>The secret was deleted when it was no longer needed; the password must be changed again to be sent.</summary>
    SecretGone,

    /// <summary>No change was ever accepted for this identity.</summary>
    NoChangeYet,
}
