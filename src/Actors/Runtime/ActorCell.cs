namespace PasswordSync.Actors.Runtime;

/// <summary>
/// One place in the hierarchy: address, context, mailbox and life of an actor in one object, which outlives the actor's incarnations.
/// This part is what does not depend on the type of message: signals, turns, children, watches.
/// </summary>
/// <remarks>
/// A cell takes turns on the thread pool. A turn is queued when there is something to do and none is queued or running (<c>scheduled</c>),
/// so steps of one cell never overlap, and a resting cell costs only its memory.
/// </remarks>
internal abstract partial class ActorCell(ActorSystem system, ActorCell? parent, string name) : IActorRef, IThreadPoolWorkItem, ITerminationListener
{
    private Queue<Signal>? signals = new([Signal.Start]);
    private Dictionary<string, ActorCell>? children;
    private HashSet<ITerminationListener>? listeners;
    private HashSet<ActorCell>? watching;
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

    void ITerminationListener.OnTerminated(Terminated notice) => Post(new Signal.Notice(notice));

    /// <summary>Adds a child, or with <paramref name="reuse"/> gives the live one of that name. Null if this actor is ending.</summary>
    public ActorCell<TChild>? SpawnOrNull<TChild>(Props<TChild> props, string childName, bool reuse)
    {
        ActorCell<TChild> child;
        lock (Gate)
        {
            if (!IsRunning) return null;
            children ??= [];
            if (children.TryGetValue(childName, out var existing) && !existing.HasStopped)
            {
                if (!reuse) throw new InvalidOperationException($"The actor {Path} has a live child named '{childName}' already.");
                return (ActorCell<TChild>)existing;
            }

            children[childName] = child = new ActorCell<TChild>(system, this, childName, props);
        }

        system.OnSpawned(child.Kind);
        child.Wake();
        if (child.IdleTimeout is { } timeout) system.IdleSweep.Add(child, timeout);
        return child;
    }

    public bool IsChildOf(ActorCell other) => Parent == other;

    public ActorCell[] ChildrenNow()
    {
        lock (Gate) return children is null ? [] : [.. children.Values];
    }

    /// <summary>False too if a newer cell has taken the name since. Gate held.</summary>
    private bool HasChild(ActorCell child) => children is not null && children.TryGetValue(child.Name, out var current) && current == child;

    private void OnChildStopped(ActorCell child, Terminated notice)
    {
        Signal? signal = null;
        lock (Gate)
        {
            if (HasChild(child)) children!.Remove(child.Name);
            if (children?.Count == 0) children = null;
            if (!IsRunning) signal = children is null ? Signal.LastChildStopped : null;
            else if (notice.Reason == TerminationReason.Failed || watching?.Contains(child) == true) signal = new Signal.Notice(notice);
        }

        if (signal is not null) Post(signal);
    }

    /// <summary>What an incarnation begins, it begins before its end. Gate held.</summary>
    protected void RequireRunning()
    {
        if (!IsRunning) throw new InvalidOperationException($"The actor {Path} is ending.");
    }

    /// <summary>False if this actor has stopped.</summary>
    protected bool TryAddListener(ITerminationListener listener)
    {
        lock (Gate)
        {
            if (HasStopped) return false;
            (listeners ??= []).Add(listener);
            return true;
        }
    }

    protected void RemoveListener(ITerminationListener listener)
    {
        lock (Gate)
        {
            if (listeners is not null && listeners.Remove(listener) && listeners.Count == 0) listeners = null;
        }
    }

    /// <summary>Ends when this actor has stopped; at once if it has.</summary>
    public Task StopAndWaitAsync()
    {
        var waiter = new StopWaiter();
        if (!TryAddListener(waiter)) return Task.CompletedTask;
        Post(Signal.Stop);
        return waiter.Task;
    }

    protected void Watch(ActorCell target)
    {
        bool gone;
        lock (Gate)
        {
            RequireRunning();
            if (!(watching ??= []).Add(target)) return;
            gone = target.Parent == this && !HasChild(target);
        }

        // A child tells its parent in any case, so it has no listener for it.
        if (target.Parent != this) gone = !target.TryAddListener(this);
        if (gone) Post(new Signal.Notice(new Terminated(target, TerminationReason.Stopped, failure: null)));
    }

    protected bool Unwatch(ActorCell target)
    {
        lock (Gate)
        {
            if (watching is null || !watching.Remove(target)) return false;
        }

        target.RemoveListener(this);
        return true;
    }

    private void UnwatchAll()
    {
        HashSet<ActorCell>? watched;
        lock (Gate) (watched, watching) = (watching, null);
        foreach (var target in watched ?? []) target.RemoveListener(this);
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
        lock (Gate) return new ActorStatus(Path, Kind, state, MessageCount, WaitingSenders, restarts?.Total ?? 0);
    }

    private sealed class StopWaiter() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), ITerminationListener
    {
        public void OnTerminated(Terminated notice) => TrySetResult();
    }
}
