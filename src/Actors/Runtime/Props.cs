namespace PasswordSync.Actors.Runtime;

/// <summary>How to make an actor, again and again. Immutable; one instance serves any number of actors.</summary>
/// <param name="Kind">What sort of actor it is, for people and metrics: a short word, the same for all actors of the sort.</param>
/// <param name="Create">Makes the object; called for each incarnation. What differs between actors is in their name.</param>
public sealed record Props<TMessage>(string Kind, Func<IActorContext<TMessage>, Actor<TMessage>> Create)
{
    /// <summary>How many messages may wait before senders do, from 1. Default 1,000. Timers, piped results and the runtime's own signals come on top.</summary>
    public int MailboxCapacity { get; init => field = AtLeastOne(value, nameof(MailboxCapacity)); } = 1_000;

    /// <summary>How many messages are handled before the actor yields its thread to others, from 1. Default 30. A handler that had to wait yields in any case.</summary>
    public int Throughput { get; init => field = AtLeastOne(value, nameof(Throughput)); } = 30;

    /// <summary>
    /// After how long without a message <see cref="Actor{TMessage}.OnIdleAsync"/> is called. Default null: never. Measured in steps of
    /// <see cref="ActorSystemOptions.IdleResolution"/>.
    /// </summary>
    public TimeSpan? IdleTimeout
    {
        get;
        init => field = value is null || value > TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(nameof(IdleTimeout), value, "An idle time-out is positive, or null for never.");
    }

    /// <summary>How failures of this actor's children are treated.</summary>
    public SupervisorStrategy Supervision { get; init; } = SupervisorStrategy.Default;

    private static int AtLeastOne(int value, string name) =>
        value >= 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is at least 1.");
}
