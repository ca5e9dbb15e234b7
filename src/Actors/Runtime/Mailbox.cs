using System.Diagnostics.CodeAnalysis;

namespace PasswordSync.Actors.Runtime;

/// <summary>
/// The accepted messages of one actor and, once it is full, the senders that wait for room. Not thread-safe: the cell's gate guards it.
/// Empty, it holds no buffers.
/// </summary>
internal sealed class Mailbox<TMessage>(int capacity)
{
    private Queue<TMessage>? messages;
    private LinkedList<WaitingSender<TMessage>>? senders;

    public int Count => messages?.Count ?? 0;

    public int WaitingSenders => senders?.Count ?? 0;

    /// <summary>False at the bound. While senders wait it is at its bound, since each take lets one in: nobody overtakes them.</summary>
    public bool TryAdd(TMessage message)
    {
        if (Count >= capacity) return false;
        AddPastBound(message);
        return true;
    }

    public void AddPastBound(TMessage message) => (messages ??= new()).Enqueue(message);

    public LinkedListNode<WaitingSender<TMessage>> AddSender(TMessage message) =>
        (senders ??= new()).AddLast(new WaitingSender<TMessage>(message));

    /// <summary>False if the sender no longer waits: its message was let in, or the actor stopped.</summary>
    public bool TryRemove(LinkedListNode<WaitingSender<TMessage>> sender)
    {
        if (senders is null || sender.List != senders) return false;
        senders.Remove(sender);
        return true;
    }

    /// <summary>Takes the oldest message and lets the sender that has waited longest put its own in.</summary>
    public bool TryTake([MaybeNullWhen(false)] out TMessage message)
    {
        message = default;
        if (messages is null || !messages.TryDequeue(out message)) return false;
        if (senders?.First is { } first && Count < capacity)
        {
            senders.RemoveFirst();
            AddPastBound(first.Value.Message);
            first.Value.TrySetResult(TellResult.Accepted);
        }

        return true;
    }

    /// <summary>Gives the buffers back; nothing may be left in them.</summary>
    public void Trim() => (messages, senders) = (null, null);

    /// <summary>Empties it: the accepted messages go to the caller, the senders learn that the actor has stopped.</summary>
    public IReadOnlyCollection<TMessage> Close()
    {
        IReadOnlyCollection<TMessage> left = messages is null ? [] : messages;
        foreach (var sender in senders ?? []) sender.TrySetResult(TellResult.Stopped);
        Trim();
        return left;
    }
}

/// <summary>A sender that waits for room. Its continuation never runs on the thread, or under the gate, of who lets it in.</summary>
internal sealed class WaitingSender<TMessage>(TMessage message)
    : TaskCompletionSource<TellResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public TMessage Message => message;
}
