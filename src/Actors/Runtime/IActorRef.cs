namespace PasswordSync.Actors.Runtime;

/// <summary>The address of an actor in this process. Safe to use from any thread and to keep after the actor has stopped.</summary>
public interface IActorRef
{
    /// <summary>Where the actor stands in the hierarchy, as in <c>/region/shard-12/identity-7</c>. For people, not for look-ups.</summary>
    string Path { get; }
}

/// <summary>The address of an actor that understands <typeparamref name="TMessage"/>.</summary>
/// <remarks>
/// Messages of one sender are handled in the order in which they were told, those that had to wait for room included. Two actors that both
/// await room in each other's full mailbox wait for ever: in a cycle, let one direction use <see cref="TryTell"/>.
/// </remarks>
public interface IActorRef<in TMessage> : IActorRef
{
    /// <summary>Tells without waiting.</summary>
    TellResult TryTell(TMessage message);

    /// <summary>
    /// Tells, waiting for room while the mailbox is full; completes at once where there is room. A sender that is cancelled while it waits
    /// has not told. Never answers <see cref="TellResult.MailboxFull"/>.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled before there was room.</exception>
    ValueTask<TellResult> TellAsync(TMessage message, CancellationToken cancellationToken);

    /// <summary>Tells a message that carries a reply to fill in, and waits for that reply.</summary>
    /// <param name="createMessage">Makes the message; the actor answers through the reply that it is given.</param>
    /// <param name="timeout">How long to wait in all, for room in the mailbox and for the answer.</param>
    /// <param name="cancellationToken">Gives up waiting; the actor may still handle the message.</param>
    /// <exception cref="AskTimeoutException">No answer came in time.</exception>
    /// <exception cref="AskTargetStoppedException">The actor has stopped, or stopped before it answered.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    Task<TReply> AskAsync<TReply>(Func<IReply<TReply>, TMessage> createMessage, TimeSpan timeout, CancellationToken cancellationToken);
}
