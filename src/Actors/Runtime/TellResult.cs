namespace PasswordSync.Actors.Runtime;

/// <summary>What became of a told message. A message that was not accepted is still the sender's, and is nobody's dead letter.</summary>
public enum TellResult
{
    /// <summary>The mailbox has it. From here on it is handled, or parked as poisoned, or published as a dead letter.</summary>
    Accepted,

    /// <summary>The mailbox is at its bound, or other senders wait for room in it already. Only from <c>TryTell</c>.</summary>
    MailboxFull,

    /// <summary>The actor has stopped, or is about to for good.</summary>
    Stopped,
}
