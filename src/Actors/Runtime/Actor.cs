namespace PasswordSync.Actors.Runtime;

/// <summary>
/// Handles the messages of one mailbox, one at a time: no method of an actor begins before the one before it has ended, awaits included.
/// So its fields need no locks. A constructor stays cheap; what can fail or wait belongs into <see cref="OnStartAsync"/>.
/// </summary>
/// <remarks>
/// An exception from any method but <see cref="OnStopAsync"/> is a failure, and the parent's <see cref="SupervisorStrategy"/> decides.
/// The token given to each method is cancelled only when the system's orderly shutdown has run out of time.
/// </remarks>
public abstract class Actor<TMessage>(IActorContext<TMessage> context)
{
    /// <summary>What the runtime offers to this actor. Only for use inside its methods, except where a member says otherwise.</summary>
    protected IActorContext<TMessage> Context { get; } = context;

    /// <summary>Begins an incarnation, before its first message: after the spawn, each restart, and a passivation that was overtaken by a message.</summary>
    protected internal virtual ValueTask OnStartAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Handles one message.</summary>
    protected internal abstract ValueTask ReceiveAsync(TMessage message, CancellationToken cancellationToken);

    /// <summary>A watched actor has stopped, or a child that failed was stopped by the strategy.</summary>
    protected internal virtual ValueTask OnTerminatedAsync(Terminated notice, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Nothing came for <see cref="Props{TMessage}.IdleTimeout"/> and nothing waits. Passivates unless overridden.</summary>
    protected internal virtual ValueTask OnIdleAsync(CancellationToken cancellationToken)
    {
        Context.Passivate();
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Ends an incarnation whatever ended it (stop, passivation, restart after a failure), once its children have stopped. Exceptions are
    /// logged and change nothing.
    /// </summary>
    protected internal virtual ValueTask OnStopAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
