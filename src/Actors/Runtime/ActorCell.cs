namespace PasswordSync.Actors.Runtime;

/// <summary>
/// One place in the hierarchy: address, context, mailbox and life of an actor in one object, which outlives the actor's incarnations.
/// This part is what does not depend on the type of message: signals and turns.
/// </summary>
/// <remarks>
/// A cell takes turns on the thread pool. A turn is queued when there is something to do and none is queued or running (<c>scheduled</c>),
/// so steps of one cell never overlap, and a resting cell costs only its memory.
/// </remarks>
internal abstract partial class ActorCell(ActorSystem system, ActorCell? parent, string name) : IActorRef, IThreadPoolWorkItem, ITerminationListener
{
    private Queue<Signal>? signals = new([Signal.Start]);
    private long restingSince;
    private volatile ActorState state = ActorState.Running;
    private bool scheduled;

    /// <summary>Guards what several threads share. Held for moments: never while the code of an actor runs, never two at once.</summary>
    protected Lock Gate { get; } = new();

    public ActorSystem System => system;

    public string Name => name;

    private ActorCell? Parent { get; } = parent;

    public string Path => Parent is null ? "/" : Parent.Parent is null ? $"/{name}" : $"{Parent.Path}/{name}";

    public bool HasStopped => state == ActorState.Stopped;

    protected bool IsRunning => state == ActorState.Running;

    /// <summary>Whether a message told now will be handled, barring failures.</summary>
    protected bool Accepts => state is ActorState.Running or ActorState.Restarting or ActorState.Passivating;

    public abstract string Kind { get; }

    protected abstract int Throughput { get; }

    protected abstract TimeSpan? IdleTimeout { get; }

    /// <summary>How failures of this cell's children are treated.</summary>
    protected abstract SupervisorStrategy Supervision { get; }

    protected abstract int WaitingSenders { get; }

    /// <summary>Accepted messages not yet handled. Gate held.</summary>
    protected abstract int MessageCount { get; }

    /// <summary>Makes the next message the current one. Gate held.</summary>
    protected abstract bool TryTakeMessage();

    /// <summary>Gives buffers back before a rest. Gate held.</summary>
    protected abstract void TrimMailbox();

    /// <summary>One turn: steps until nothing is left, the throughput is used up, or a step had to wait.</summary>
    /// <remarks>
    /// What completed a wait may be another actor's thread, so the rest of the mailbox is left to a new turn. Exceptions of actors are
    /// caught within a step; any other is a bug of the runtime, and void lets it end the process rather than hang an actor for ever.
    /// </remarks>
    async void IThreadPoolWorkItem.Execute()
    {
        var waited = false;
        for (var step = 0; step < Throughput && !waited; step++)
        {
            if (!TryTakeStep(out var signal)) return;
            var running = PerformAsync(signal);
            waited = !running.IsCompleted;
            await running.ConfigureAwait(false);
        }

        system.Dispatch(this);
    }

    /// <summary>Takes a signal, else (null) a message; false: the cell rests from here on.</summary>
    private bool TryTakeStep(out Signal? signal)
    {
        lock (Gate)
        {
            signal = null;
            if (signals is not null && signals.TryDequeue(out signal)) return true;
            if (IsRunning && TryTakeMessage()) return true;
            if (IdleTimeout is not null) restingSince = system.Clock.GetTimestamp();
            if (MessageCount == 0) TrimMailbox();
            signals = null;
            scheduled = false;
            return false;
        }
    }

    /// <summary>Whether the caller must dispatch a turn once it has released the gate. Gate held.</summary>
    protected bool NeedsTurn()
    {
        var wasScheduled = scheduled;
        scheduled = true;
        return !wasScheduled;
    }

    /// <summary>Dispatches the first turn of a new cell, if no message has done so.</summary>
    private void Wake()
    {
        bool wake;
        lock (Gate) wake = NeedsTurn();
        if (wake) system.Dispatch(this);
    }

    public void Post(Signal signal)
    {
        bool wake;
        lock (Gate)
        {
            if (HasStopped) return;
            (signals ??= new()).Enqueue(signal);
            wake = NeedsTurn();
        }

        if (wake) system.Dispatch(this);
    }

    /// <summary>What an incarnation begins, it begins before its end. Gate held.</summary>
    protected void RequireRunning()
    {
        if (!IsRunning) throw new InvalidOperationException($"The actor {Path} is ending.");
    }

    /// <summary>Starts the idle step if the time-out has passed since the last turn. The timestamp to look again; null if the actor has stopped.</summary>
    public long? CheckIdle(long now, long timeout)
    {
        lock (Gate)
        {
            if (HasStopped) return null;
            if (scheduled || !IsRunning) return now + timeout;
            if (now - restingSince < timeout) return restingSince + timeout;
        }

        Post(Signal.Idle);
        return now + timeout;
    }

    public ActorStatus Status()
    {
        lock (Gate) return new ActorStatus(Path, Kind, state, MessageCount, WaitingSenders, Restarts);
    }
}
