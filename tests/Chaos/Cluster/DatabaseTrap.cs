namespace PasswordSync.Chaos.Cluster;

/// <summary>What of a statement is held back.</summary>
internal enum HeldPart
{
    /// <summary>The statement itself: the node has decided, and the database does not know.</summary>
    Request,

    /// <summary>Its answer: the database has done it, and the node does not know.</summary>
    Answer,
}

/// <summary>Holds back the first statement of a node that has a text in it, or its answer, with everything later on that connection; all others pass.</summary>
internal sealed class DatabaseTrap(string text, HeldPart part) : IDisposable
{
    private readonly TaskCompletionSource caught = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] wanted = System.Text.Encoding.UTF8.GetBytes(text);
    private int isSet = 1;

    public HeldPart Part => part;

    /// <summary>Ends when the statement came by.</summary>
    public Task Caught => caught.Task;

    /// <summary>Ends when what is held may go on.</summary>
    public Task Released => released.Task;

    /// <summary>Whether this is the statement; once only.</summary>
    public bool Catches(ReadOnlySpan<byte> request)
    {
        if (request.IndexOf(wanted) < 0 || Interlocked.Exchange(ref isSet, 0) == 0) return false;
        caught.TrySetResult();
        return true;
    }

    public void Dispose() => released.TrySetResult();
}
