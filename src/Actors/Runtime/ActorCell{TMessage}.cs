namespace PasswordSync.Actors.Runtime;

/// <summary>The part of a cell that knows the type of its messages: telling and asking, the current message, the actor's own methods.</summary>
internal sealed partial class ActorCell<TMessage>(ActorSystem system, ActorCell? parent, string name, Props<TMessage> props)
    : ActorCell(system, parent, name), IActorRef<TMessage>
{
    private readonly Mailbox<TMessage> mailbox = new(props.MailboxCapacity);
    private Actor<TMessage>? actor;
    private TMessage? current;
    private Retained? retained;

    /// <summary>A message that failed, to be handled again before any other.</summary>
    private sealed record Retained(TMessage Message, int Failures);

    public override string Kind => props.Kind;

    protected override int Throughput => props.Throughput;

    protected override TimeSpan? IdleTimeout => props.IdleTimeout;

    protected override SupervisorStrategy Supervision => props.Supervision;

    protected override int MessageCount => mailbox.Count + (retained is null ? 0 : 1);

    protected override int WaitingSenders => mailbox.WaitingSenders;

    public TellResult TryTell(TMessage message)
    {
        bool wake;
        lock (Gate)
        {
            if (!Accepts) return TellResult.Stopped;
            if (!mailbox.TryAdd(message)) return TellResult.MailboxFull;
            wake = NeedsTurn();
        }

        if (wake) System.Dispatch(this);
        return TellResult.Accepted;
    }

    public ValueTask<TellResult> TellAsync(TMessage message, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<TellResult>(cancellationToken);
        LinkedListNode<WaitingSender<TMessage>>? sender = null;
        var wake = false;
        lock (Gate)
        {
            if (!Accepts) return ValueTask.FromResult(TellResult.Stopped);
            if (mailbox.TryAdd(message)) wake = NeedsTurn();
            else sender = mailbox.AddSender(message);
        }

        if (sender is not null) return WaitForRoomAsync(sender, cancellationToken);
        if (wake) System.Dispatch(this);
        return ValueTask.FromResult(TellResult.Accepted);
    }

    private async ValueTask<TellResult> WaitForRoomAsync(LinkedListNode<WaitingSender<TMessage>> sender, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(_ => CancelSender(sender, cancellationToken), null);
        return await sender.Value.Task.ConfigureAwait(false);
    }

    private void CancelSender(LinkedListNode<WaitingSender<TMessage>> sender, CancellationToken cancellationToken)
    {
        lock (Gate)
        {
            if (mailbox.TryRemove(sender)) sender.Value.TrySetCanceled(cancellationToken);
        }
    }

    public async Task<TReply> AskAsync<TReply>(Func<IReply<TReply>, TMessage> createMessage, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, System.Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var reply = new PendingReply<TReply>();
        try
        {
            if (!TryAddListener(reply)) throw new AskTargetStoppedException(Path, taken: false);
            var told = await TellAsync(createMessage(reply), both.Token).ConfigureAwait(false);
            if (told == TellResult.Stopped) throw new AskTargetStoppedException(Path, taken: false);
            return await reply.Task.WaitAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (both.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new AskTimeoutException(Path, timeout);
        }
        finally
        {
            RemoveListener(reply);
            reply.Abandon();
        }
    }

    protected override bool TryTakeMessage()
    {
        if (retained is null) return mailbox.TryTake(out current);
        current = retained.Message;
        return true;
    }

    protected override void TrimMailbox() => mailbox.Trim();

    protected override IReadOnlyCollection<object> CloseMailbox()
    {
        List<object> left = retained is null ? [] : [retained.Message!];
        foreach (var message in mailbox.Close()) left.Add(message!);
        retained = null;
        return left;
    }

    protected override async ValueTask StartActorAsync()
    {
        actor = props.Create(this);
        await actor.OnStartAsync(System.Forced).ConfigureAwait(false);
    }

    protected override async ValueTask ReceiveCurrentAsync()
    {
        await actor!.ReceiveAsync(current!, System.Forced).ConfigureAwait(false);
        current = default;
        if (retained is null) return;
        lock (Gate) retained = null;
    }

    protected override ValueTask NotifyIdleAsync() => actor!.OnIdleAsync(System.Forced);

    protected override ValueTask NotifyTerminatedAsync(Terminated notice) => actor!.OnTerminatedAsync(notice, System.Forced);

    protected override async ValueTask StopActorAsync()
    {
        var ended = actor;
        actor = null;
        try
        {
            if (ended is not null) await ended.OnStopAsync(System.Forced).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            System.LogStopFailed(this, failure);
        }
    }

    protected override void RetainCurrentMessage()
    {
        lock (Gate) retained = new Retained(current!, retained?.Failures ?? 0);
        current = default;
    }

    protected override async ValueTask SettleFailedMessageAsync(Exception failure, bool redeliver, int poisonThreshold)
    {
        var (message, failures) = (current!, 1 + (retained?.Failures ?? 0));
        var poisoned = redeliver && failures >= poisonThreshold;
        lock (Gate) retained = redeliver && !poisoned ? new Retained(message, failures) : null;
        current = default;
        if (poisoned) await System.ParkAsync(this, new PoisonedMessage(Path, Kind, message, failures, failure)).ConfigureAwait(false);
        else if (!redeliver) System.PublishDeadLetter(this, message, DeadLetterReason.Failed);
    }
}
