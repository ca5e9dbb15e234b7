namespace PasswordSync.Actors.Runtime;

/// <summary>Why an accepted message was never handled to its end.</summary>
public enum DeadLetterReason
{
    /// <summary>The actor stopped with it in its mailbox.</summary>
    Stopped,

    /// <summary>Its handling failed, and its actor stopped for it.</summary>
    Failed,

    /// <summary>It failed its actor too often; the sink for poisoned messages has it too.</summary>
    Poisoned,
}

/// <summary>An accepted message that was never handled to its end.</summary>
public sealed class DeadLetter
{
    internal DeadLetter(string path, object message, DeadLetterReason reason) => (Path, Message, Reason) = (path, message, reason);

    /// <summary>Whose mailbox had accepted it.</summary>
    public string Path { get; }

    public object Message { get; }

    public DeadLetterReason Reason { get; }

    /// <summary>Reason, path and the message's type; never the message.</summary>
    public override string ToString() => $"{Reason} at {Path}: {Message.GetType().Name}";
}

/// <summary>A message that failed its actor as often as the strategy's <see cref="SupervisorStrategy.PoisonThreshold"/> allows.</summary>
public sealed class PoisonedMessage
{
    internal PoisonedMessage(string path, string kind, object message, int failures, Exception lastFailure) =>
        (Path, Kind, Message, Failures, LastFailure) = (path, kind, message, failures, lastFailure);

    public string Path { get; }

    /// <summary>The kind of the actor that it failed.</summary>
    public string Kind { get; }

    public object Message { get; }

    /// <summary>How often it was handled, and failed.</summary>
    public int Failures { get; }

    public Exception LastFailure { get; }

    /// <summary>Path and types; never the message.</summary>
    public override string ToString() => $"{Message.GetType().Name} poisoned {Path}, {Failures} times: {LastFailure.GetType().Name}";
}

/// <summary>Takes messages that nobody will try again, to keep and to report them.</summary>
public interface IPoisonedMessageSink
{
    /// <summary>Called on the failed actor's turn; it restarts when this has ended. An exception is logged and changes nothing.</summary>
    ValueTask ParkAsync(PoisonedMessage message, CancellationToken cancellationToken);
}
