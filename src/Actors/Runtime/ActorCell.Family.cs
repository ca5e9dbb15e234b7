namespace PasswordSync.Actors.Runtime;

/// <summary>What a cell knows of others: its children, those it watches, and those that want to learn of its end.</summary>
internal abstract partial class ActorCell
{
    private Dictionary<string, ActorCell>? children;
    private HashSet<ITerminationListener>? listeners;
    private HashSet<ActorCell>? watching;

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

    void ITerminationListener.OnTerminated(Terminated notice) => Post(new Signal.Notice(notice));

    private sealed class StopWaiter() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), ITerminationListener
    {
        public void OnTerminated(Terminated notice) => TrySetResult();
    }
}
