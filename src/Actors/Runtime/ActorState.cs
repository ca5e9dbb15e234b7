namespace PasswordSync.Actors.Runtime;

/// <summary>Where an actor is in its life.</summary>
public enum ActorState
{
    /// <summary>Handles messages, or waits for one.</summary>
    Running,

    /// <summary>Failed; its children are stopping, or its backoff has not passed. Messages wait in the mailbox.</summary>
    Restarting,

    /// <summary>Gives up its memory. Messages are still accepted; if one came in before the end, a new incarnation handles it.</summary>
    Passivating,

    /// <summary>Stops for good; accepts nothing more.</summary>
    Stopping,

    /// <summary>Is gone; its name is free.</summary>
    Stopped,
}

/// <summary>One line of the hierarchy of live actors, as it was at one moment.</summary>
/// <param name="Path">Where the actor stands, as in <c>/region/shard-12</c>.</param>
/// <param name="Kind">The <see cref="Props{TMessage}.Kind"/> it was made from.</param>
/// <param name="MailboxLength">Accepted messages that are not yet handled.</param>
/// <param name="WaitingSenders">Senders that wait for room in the mailbox.</param>
/// <param name="Restarts">How often it was restarted since it was spawned.</param>
public sealed record ActorStatus(string Path, string Kind, ActorState State, int MailboxLength, int WaitingSenders, int Restarts);
