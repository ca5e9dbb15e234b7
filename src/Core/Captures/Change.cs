using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Captures;

/// <summary>A capture with a proven stamp: the password change that deliveries carry. Holds no secret.</summary>
/// <param name="CaptureId">The capture.</param>
/// <param name="Account">The account whose password changed.</param>
/// <param name="Stamp">The stamp that the capture caused, proven by the edge or settled by a bind.</param>
/// <param name="Names">What the directory called the account at the time.</param>
/// <param name="Stages">When the capture passed each stage before the decision.</param>
/// <param name="ExpiresAt">Capture time plus the maximum age: after it, whatever was not delivered expires.</param>
public sealed record Change(
    CaptureId CaptureId,
    AccountId Account,
    Stamp Stamp,
    AccountNames Names,
    StageTimes Stages,
    DateTimeOffset ExpiresAt)
{
    /// <summary>
    /// The name in the envelope, where it is not the account's name any more: the account was renamed between the hook and the resolution, and a bind has settled that the
    /// password is this account's. Null where the two agree.
    /// </summary>
    public string? CapturedAs { get; init; }

    /// <summary>Whether the source wanted the user to choose another password at the next logon, when the capture was resolved.</summary>
    public bool MustChangeAtNextLogon { get; init; }
}

/// <summary>When a capture passed each stage, by the clock of the machine where it did.</summary>
/// <param name="CapturedAt">The filter or helper saw the password (the DC's clock).</param>
/// <param name="SpooledAt">The edge had it flushed in its spool (the DC's clock).</param>
/// <param name="ConfirmedAt">The edge had proven the stamp (the DC's clock).</param>
/// <param name="AcceptedAt">A node had committed it to the inbox (the node's clock).</param>
public sealed record StageTimes(DateTimeOffset CapturedAt, DateTimeOffset SpooledAt, DateTimeOffset ConfirmedAt, DateTimeOffset AcceptedAt);
