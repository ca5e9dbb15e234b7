namespace PasswordSync.Journal.Sqlite.Engine;

/// <summary>One writing operation, which learns its own result.</summary>
internal abstract class WriteRequest(int operations, bool insideTransaction)
{
    /// <summary>How much of a commit's bound it takes. 1 or greater.</summary>
    public int Operations { get; } = operations;

    /// <summary>Whether it shares a transaction with others; else it runs alone, outside of one.</summary>
    public bool InsideTransaction { get; } = insideTransaction;

    /// <summary>Does the work. May be called again after the transaction was rolled back, and must then do the same.</summary>
    public abstract void Execute(SqliteSession session);

    /// <summary>The work is durable.</summary>
    public abstract void Complete();

    /// <summary>The work was not done, or it is not known whether it was.</summary>
    public abstract void Fail(Exception trouble);
}

/// <inheritdoc cref="WriteRequest"/>
internal sealed class WriteRequest<T>(Func<SqliteSession, T> work, int operations, bool insideTransaction) : WriteRequest(operations, insideTransaction)
{
    // Continuations run elsewhere: the writer's thread has commits to make.
    private readonly TaskCompletionSource<T> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? result;

    public Task<T> Ended => ended.Task;

    public override void Execute(SqliteSession session) => result = work(session);

    public override void Complete() => ended.TrySetResult(result!);

    public override void Fail(Exception trouble) => ended.TrySetException(trouble);
}
