namespace PasswordSync.Actors.Runtime;

/// <summary>The steps of a cell, and how one incarnation of its actor ends and the next begins. All of it runs on the cell's own turn.</summary>
internal abstract partial class ActorCell
{
    private bool awaitingChildren;
    private RestartLedger? restarts;
    private TimeSpan restartDelay;
    private ITimer? backoff;
    private Exception? fatal;

    public int Restarts => restarts?.Total ?? 0;

    protected abstract ValueTask StartActorAsync();

    protected abstract ValueTask ReceiveCurrentAsync();

    protected abstract ValueTask NotifyIdleAsync();

    protected abstract ValueTask NotifyTerminatedAsync(Terminated notice);

    /// <summary>Cancels what the incarnation began beside its handlers. Never throws.</summary>
    protected abstract ValueTask EndOwnWorkAsync();

    /// <summary>Calls the last method of the incarnation, if there is one, and lets it go. Never throws.</summary>
    protected abstract ValueTask StopActorAsync();

    /// <summary>Puts the current message back: the end of the mailbox will account for it.</summary>
    protected abstract void RetainCurrentMessage();

    /// <summary>What becomes of the current message after its handling failed. Never throws.</summary>
    protected abstract ValueTask SettleFailedMessageAsync(Exception failure, bool redeliver, int poisonThreshold);

    /// <summary>Takes all that the mailbox holds. Gate held.</summary>
    protected abstract IReadOnlyCollection<object> CloseMailbox();

    private ValueTask PerformAsync(Signal? signal)
    {
        if (signal == Signal.Stop) return EndAsync(ActorState.Stopping);
        if (signal == Signal.Passivate) return IsRunning ? EndAsync(ActorState.Passivating) : default;
        if (signal == Signal.LastChildStopped) return awaitingChildren ? EndIncarnationAsync() : default;
        if (signal is Signal.Escalated escalated) return IsRunning ? ApplyAsync(escalated.Directive, escalated.Failure) : default;
        if (signal == Signal.BackoffOver) BeginAgain();
        else if (IsRunning) return RunActorAsync(signal);
        return default;
    }

    /// <summary>The only place where an actor's own code runs, but for its last method.</summary>
    private async ValueTask RunActorAsync(Signal? signal)
    {
        try
        {
            if (signal is null) await ReceiveCurrentAsync().ConfigureAwait(false);
            else if (signal == Signal.Start) await StartActorAsync().ConfigureAwait(false);
            else if (signal == Signal.Idle) await NotifyIfStillIdleAsync().ConfigureAwait(false);
            else if (signal is Signal.Notice notice) await NotifyIfStillWatchedAsync(notice.Terminated).ConfigureAwait(false);
            else if (signal is Signal.PipeFailed pipe) await FailAsync(pipe.Failure, onMessage: false).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (system.Forced.IsCancellationRequested)
        {
            if (signal is null) RetainCurrentMessage();
            Post(Signal.Stop);
        }
        catch (Exception failure)
        {
            await FailAsync(failure, onMessage: signal is null).ConfigureAwait(false);
        }
    }

    private ValueTask NotifyIfStillIdleAsync()
    {
        lock (Gate)
        {
            if (MessageCount > 0) return default;
        }

        return NotifyIdleAsync();
    }

    private ValueTask NotifyIfStillWatchedAsync(Terminated notice)
    {
        var actor = (ActorCell)notice.Actor;
        var failedChild = actor.Parent == this && notice.Reason == TerminationReason.Failed;
        return Unwatch(actor) || failedChild ? NotifyTerminatedAsync(notice) : default;
    }

    private async ValueTask FailAsync(Exception failure, bool onMessage)
    {
        var (culprit, directive) = Judge(failure);
        system.LogFailed(this, failure, directive);
        if (onMessage)
        {
            var redeliver = directive == Directive.Restart && culprit == this;
            await SettleFailedMessageAsync(failure, redeliver, Parent!.Supervision.PoisonThreshold).ConfigureAwait(false);
        }

        if (culprit == this)
        {
            await ApplyAsync(directive, failure).ConfigureAwait(false);
            return;
        }

        // It is the ancestor's failure now; this actor would be stopped on its behalf in any case.
        culprit.Post(new Signal.Escalated(failure, directive));
        await EndAsync(ActorState.Stopping).ConfigureAwait(false);
    }

    /// <summary>Whose failure it is in the end, and what to do: strategies are pure, so escalation needs no answer from further up.</summary>
    private (ActorCell Culprit, Directive Directive) Judge(Exception failure)
    {
        var culprit = this;
        for (var supervisor = Parent; supervisor is not null; supervisor = supervisor.Parent)
        {
            var directive = supervisor.Supervision.DecideOrEscalate(failure);
            if (directive != Directive.Escalate) return (culprit, directive);
            culprit = supervisor;
        }

        system.BeginShutdown(this, failure);
        return (culprit, Directive.Stop);
    }

    private ValueTask ApplyAsync(Directive directive, Exception failure)
    {
        if (directive == Directive.Restart)
        {
            restarts ??= new RestartLedger(Parent!.Supervision, system.Clock);
            if (restarts.Grant() is { } delay)
            {
                restartDelay = delay;
                system.OnRestarting(Kind);
                return EndAsync(ActorState.Restarting);
            }

            system.LogRestartLimit(this, Parent!.Supervision);
        }

        fatal = failure;
        return EndAsync(ActorState.Stopping);
    }

    /// <summary>Begins to end the incarnation: its own work, then its children. A stop overrides a restart or passivation under way.</summary>
    private async ValueTask EndAsync(ActorState ending)
    {
        ActorCell[] last;
        lock (Gate)
        {
            if (state is ActorState.Stopping or ActorState.Stopped) return;
            state = ending;
            last = children is null ? [] : [.. children.Values];
            awaitingChildren = last.Length > 0;
        }

        UnwatchAll();
        await EndOwnWorkAsync().ConfigureAwait(false);
        foreach (var child in last) child.Post(Signal.Stop);
        if (last.Length == 0) await EndIncarnationAsync().ConfigureAwait(false);
    }

    private async ValueTask EndIncarnationAsync()
    {
        awaitingChildren = false;
        await StopActorAsync().ConfigureAwait(false);
        if (state == ActorState.Restarting) ArmBackoff();
        else if (!TryBeginAgainAfterPassivation()) Terminate();
    }

    private void ArmBackoff()
    {
        if (restartDelay > TimeSpan.Zero) backoff = system.Clock.CreateTimer(_ => Post(Signal.BackoffOver), null, restartDelay, Timeout.InfiniteTimeSpan);
        else BeginAgain();
    }

    private void BeginAgain()
    {
        if (state != ActorState.Restarting) return;
        backoff?.Dispose();
        backoff = null;
        lock (Gate)
        {
            state = ActorState.Running;
            (signals ??= new()).Enqueue(Signal.Start);
        }
    }

    /// <summary>What was told while the actor passivated is not lost: the decision and the end are one step under the gate.</summary>
    private bool TryBeginAgainAfterPassivation()
    {
        lock (Gate)
        {
            if (state != ActorState.Passivating) return false;
            if (MessageCount == 0)
            {
                state = ActorState.Stopped;
                return false;
            }

            state = ActorState.Running;
            (signals ??= new()).Enqueue(Signal.Start);
            return true;
        }
    }

    private void Terminate()
    {
        IReadOnlyCollection<object> left;
        HashSet<ITerminationListener>? informed;
        var reason = fatal is not null ? TerminationReason.Failed : HasStopped ? TerminationReason.Passivated : TerminationReason.Stopped;
        lock (Gate)
        {
            state = ActorState.Stopped;
            left = CloseMailbox();
            (informed, listeners) = (listeners, null);
            signals = null;
        }

        backoff?.Dispose();
        foreach (var message in left) system.PublishDeadLetter(this, message, DeadLetterReason.Stopped);
        var notice = new Terminated(this, reason, fatal);
        system.OnTerminated(this);
        Parent?.OnChildStopped(this, notice);
        foreach (var listener in informed ?? []) listener.OnTerminated(notice);
    }
}
