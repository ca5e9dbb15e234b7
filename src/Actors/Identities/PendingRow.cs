namespace PasswordSync.Actors.Identities;

/// <summary>What a live identity knows of its pending-work row: a row that is due a little too early costs less than writing it anew with every step of a delivery.</summary>
/// <param name="slack">How much too early it may be due.</param>
internal sealed class PendingRow(TimeSpan slack)
{
    private bool isKnown;
    private DateTimeOffset? dueAt;

    /// <summary>Whether the row can stay as it is, for an identity that has work at a time, or none.</summary>
    public bool IsRightFor(DateTimeOffset? wakeUpAt) =>
        isKnown && (wakeUpAt is { } at ? dueAt is { } due && due <= at && at - due <= slack : dueAt is null);

    /// <summary>The row was, or is being, written.</summary>
    public void Written(DateTimeOffset? wakeUpAt) => (isKnown, dueAt) = (true, wakeUpAt);

    /// <summary>Whether it was written is unknown.</summary>
    public void Forget() => (isKnown, dueAt) = (false, null);
}
