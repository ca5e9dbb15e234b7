namespace PasswordSync.Ldap;

/// <summary>A request that has a message id and no complete answer yet.</summary>
internal sealed class PendingRequest(int messageId, string operation, long startedAt, TimeSpan timeout, IResponseCollector collector)
{
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private OutgoingMessage? message;

    public int MessageId { get; } = messageId;

    public string Operation { get; } = operation;

    public IResponseCollector Collector { get; } = collector;

    /// <summary>Ends when the answer is complete or the request has failed.</summary>
    public Task Completion => completion.Task;

    /// <summary>Null until the message is encoded, which is before it is queued.</summary>
    public OutgoingMessage? Message
    {
        get => Volatile.Read(ref message);
        set => Volatile.Write(ref message, value);
    }

    /// <summary>Whether its time is up.</summary>
    public bool IsOverdue(TimeProvider clock) => clock.GetElapsedTime(startedAt) >= timeout;

    public void Complete() => completion.TrySetResult();

    public void Fail(LdapException reason) => completion.TrySetException(reason);
}
