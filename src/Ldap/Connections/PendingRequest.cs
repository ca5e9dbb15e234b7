namespace PasswordSync.Ldap;

/// <summary>A request that has a message id and no complete answer yet.</summary>
internal sealed class PendingRequest(int messageId, LdapRequest request, long startedAt, TimeSpan timeout, IResponseCollector collector)
{
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private OutgoingMessage? message;

    public int MessageId { get; } = messageId;

    public string Operation => request.Operation;

    /// <summary>How long it may take, all in all.</summary>
    public TimeSpan Timeout => timeout;

    public IResponseCollector Collector { get; } = collector;

    /// <summary>Ends when the answer is complete or the request has failed.</summary>
    public Task Completion => completion.Task;

    /// <summary>Null until the message is encoded, which is before it is queued.</summary>
    public OutgoingMessage? Message
    {
        get => Volatile.Read(ref message);
        set => Volatile.Write(ref message, value);
    }

    /// <summary>
    /// Whether its time is up. The deadline is compared with the time of day as well: the steady clock stands still while a machine is
    /// suspended, and others go on meanwhile.
    /// </summary>
    public bool IsOverdue(TimeProvider clock) =>
        clock.GetElapsedTime(startedAt) >= timeout || (request.Deadline is { } deadline && clock.GetUtcNow() >= deadline);

    public void Complete() => completion.TrySetResult();

    public void Fail(LdapException reason) => completion.TrySetException(reason);
}
