namespace PasswordSync.Actors.Runtime;

/// <summary>The cell as the context of its actor, with what an incarnation begins and must not outlive it: timers and piped work.</summary>
internal sealed partial class ActorCell<TMessage> : IActorContext<TMessage>
{
    private HashSet<ScheduledMessage>? timers;
    private CancellationTokenSource? ending;

    public IActorRef<TMessage> Self => this;

    /// <summary>Made when first asked for: most actors never do.</summary>
    public CancellationToken Ending
    {
        get
        {
            lock (Gate) return IsRunning ? (ending ??= new CancellationTokenSource()).Token : new CancellationToken(canceled: true);
        }
    }

    public IActorRef<TChild> Spawn<TChild>(Props<TChild> childProps, string childName)
    {
        ActorName.Require(childName);
        return SpawnOrNull(childProps, childName, reuse: false)
            ?? throw new InvalidOperationException($"The actor {Path} is ending and takes no child named '{childName}'.");
    }

    public OnDemandChildren<TChild> OnDemand<TChild>(Props<TChild> childProps) => new(this, childProps);

    void IActorContext<TMessage>.Watch(IActorRef watched) => Watch(Cell(watched));

    void IActorContext<TMessage>.Unwatch(IActorRef watched) => Unwatch(Cell(watched));

    public void Stop(IActorRef stopped)
    {
        var cell = Cell(stopped);
        if (cell != this && !cell.IsChildOf(this)) throw new ArgumentException($"{stopped.Path} is no child of {Path}.", nameof(stopped));
        cell.Post(Signal.Stop);
    }

    public void Passivate() => Post(Signal.Passivate);

    public IDisposable Schedule(TimeSpan delay, TMessage message)
    {
        var timer = new ScheduledMessage(this, message);
        lock (Gate)
        {
            RequireRunning();
            (timers ??= []).Add(timer);
        }

        timer.Start(System.Clock, delay);
        return timer;
    }

    public void PipeToSelf(Func<CancellationToken, Task<TMessage>> work) => _ = PipeAsync(work, Ending);

    public async Task TellSelfAfterAsync(Task work, TMessage message)
    {
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!TryTellPastBound(message, CancellationToken.None)) System.PublishDeadLetter(this, message!, DeadLetterReason.Stopped);
    }

    private async Task PipeAsync(Func<CancellationToken, Task<TMessage>> work, CancellationToken ended)
    {
        try
        {
            var message = await work(ended).ConfigureAwait(false);
            if (!TryTellPastBound(message, ended)) System.PublishDeadLetter(this, message!, DeadLetterReason.Stopped);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The incarnation that wanted the result has ended, and said so.
        }
        catch (Exception failure)
        {
            if (!ended.IsCancellationRequested) Post(new Signal.PipeFailed(failure));
        }
    }

    private bool TryTellPastBound(TMessage message, CancellationToken ended)
    {
        bool wake;
        lock (Gate)
        {
            if (ended.IsCancellationRequested || !Accepts) return false;
            mailbox.AddPastBound(message);
            wake = NeedsTurn();
        }

        if (wake) System.Dispatch(this);
        return true;
    }

    private void OnTimer(ScheduledMessage timer)
    {
        bool wake;
        lock (Gate)
        {
            if (timers is null || !timers.Remove(timer)) return;
            mailbox.AddPastBound(timer.Message);
            wake = NeedsTurn();
        }

        if (wake) System.Dispatch(this);
    }

    private bool Cancel(ScheduledMessage timer)
    {
        lock (Gate) return timers is not null && timers.Remove(timer);
    }

    protected override async ValueTask EndOwnWorkAsync()
    {
        HashSet<ScheduledMessage>? running;
        CancellationTokenSource? source;
        lock (Gate) (running, timers, source, ending) = (timers, null, ending, null);
        foreach (var timer in running ?? []) timer.Dispose();
        if (source is null) return;
        try
        {
            await source.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException failure)
        {
            System.LogStopFailed(this, failure);
        }

        source.Dispose();
    }

    private static ActorCell Cell(IActorRef actor) =>
        actor as ActorCell ?? throw new ArgumentException($"{actor.Path} is not the address of one actor.", nameof(actor));

    /// <summary>One message on its way to the actor itself. In the set of timers until it is told or cancelled, whichever comes first.</summary>
    private sealed class ScheduledMessage(ActorCell<TMessage> cell, TMessage message) : IDisposable
    {
        private ITimer? timer;

        public TMessage Message => message;

        public void Start(TimeProvider clock, TimeSpan delay)
        {
            timer = clock.CreateTimer(static self => ((ScheduledMessage)self!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            timer.Change(delay, Timeout.InfiniteTimeSpan);
        }

        public void Dispose()
        {
            cell.Cancel(this);
            timer?.Dispose();
        }

        private void Fire()
        {
            timer?.Dispose();
            cell.OnTimer(this);
        }
    }
}
