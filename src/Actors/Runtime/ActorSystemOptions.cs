namespace PasswordSync.Actors.Runtime;

/// <summary>The settings of an <see cref="ActorSystem"/>. Every one has a default.</summary>
public sealed record ActorSystemOptions
{
    /// <summary>The clock of all timers, time-outs and backoffs.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How failures of the actors at the top are treated. What is escalated here shuts the system down.</summary>
    public SupervisorStrategy Supervision { get; init; } = SupervisorStrategy.Default;

    /// <summary>Where poisoned messages go, beside the dead letters. Default null: nowhere else.</summary>
    public IPoisonedMessageSink? PoisonedMessages { get; init; }

    /// <summary>The scope of its meter, by which its figures are told from those of other systems of the process. Default null.</summary>
    public object? MeterScope { get; init; }

    /// <summary>How many unread dead letters are kept, from 1; beyond that the oldest are forgotten. Default 1,000.</summary>
    public int DeadLetterCapacity { get; init; } = 1_000;

    /// <summary>How often idle actors are looked for, and so the precision of every idle time-out. Default 1 s.</summary>
    public TimeSpan IdleResolution { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a shutdown waits for handlers to end by themselves. Default 15 s.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long it waits after that, once the handlers' token is cancelled. Default 5 s.</summary>
    public TimeSpan CancellationTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where an actor's turn runs. Default: the thread pool, first come, first served. A simulation may choose the order.</summary>
    public Action<IThreadPoolWorkItem> Dispatch { get; init; } = static turn => ThreadPool.UnsafeQueueUserWorkItem(turn, preferLocal: false);
}
