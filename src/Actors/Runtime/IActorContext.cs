namespace PasswordSync.Actors.Runtime;

/// <summary>What the runtime offers to one actor.</summary>
public interface IActorContext<TMessage>
{
    /// <summary>The system this actor lives in, with its clock. Safe from any thread.</summary>
    ActorSystem System { get; }

    /// <summary>The actor's own address. Safe from any thread.</summary>
    IActorRef<TMessage> Self { get; }

    /// <summary>The last part of the actor's path, unique among its siblings.</summary>
    string Name { get; }

    /// <summary>How often a failed incarnation of this actor was followed by another, since it was spawned.</summary>
    int Restarts { get; }

    /// <summary>Cancelled when this incarnation begins to end. For work that outlives a handler.</summary>
    CancellationToken Ending { get; }

    /// <summary>Makes a child. It is stopped before this actor stops or restarts.</summary>
    /// <param name="props">How to make it.</param>
    /// <param name="name">Unique among the live children; 1 to 200 characters, no slash, no control characters.</param>
    /// <exception cref="InvalidOperationException">A live child has that name, or this actor is ending.</exception>
    IActorRef<TChild> Spawn<TChild>(Props<TChild> props, string name);

    /// <summary>Children that come to life when they are told something. Create it once, use it from any thread; see <see cref="OnDemandChildren{TMessage}"/>.</summary>
    OnDemandChildren<TChild> OnDemand<TChild>(Props<TChild> props);

    /// <summary>
    /// Asks for one <see cref="Terminated"/> notice when <paramref name="actor"/> stops; at once if it has. Ends with this incarnation.
    /// An address of <see cref="OnDemandChildren{TMessage}"/> cannot be watched: it outlives its actors.
    /// </summary>
    /// <exception cref="InvalidOperationException">This incarnation is ending.</exception>
    void Watch(IActorRef actor);

    /// <summary>No notice of <paramref name="actor"/> comes after this call, even if one was on its way.</summary>
    void Unwatch(IActorRef actor);

    /// <summary>Stops a child, or this actor, after the message in hand. What is left in its mailbox becomes dead letters, but for an <see cref="IReminder"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="actor"/> is neither.</exception>
    void Stop(IActorRef actor);

    /// <summary>
    /// Gives up this actor's memory after the message in hand, losing no message: it stops, unless something is in its mailbox by then,
    /// which a new incarnation handles. Timers and watches end. Answer pending asks first: they would wait for their time-out.
    /// </summary>
    void Passivate();

    /// <summary>
    /// Tells <paramref name="message"/> to this actor after <paramref name="delay"/>, past the mailbox's bound. Disposing the result
    /// cancels it, unless the message is in the mailbox by then; so does the end of this incarnation.
    /// </summary>
    /// <exception cref="InvalidOperationException">This incarnation is ending.</exception>
    IDisposable Schedule(TimeSpan delay, TMessage message);

    /// <summary>
    /// Runs <paramref name="work"/> beside the actor and tells its result to the actor, past the mailbox's bound. An exception of it is a
    /// failure of the actor: turn expected ones into messages. The token is <see cref="Ending"/>; a result that comes after it is a dead letter.
    /// </summary>
    void PipeToSelf(Func<CancellationToken, Task<TMessage>> work);

    /// <summary>
    /// Tells <paramref name="message"/> to this actor once <paramref name="work"/> has ended, however it ended, past the mailbox's bound; also to a later incarnation.
    /// If the actor has stopped by then, it is a dead letter, unless it is an <see cref="IReminder"/>.
    /// </summary>
    /// <returns>Ends some time after it was told, at which the message may have been handled already. Never fails.</returns>
    Task TellSelfAfterAsync(Task work, TMessage message);
}
