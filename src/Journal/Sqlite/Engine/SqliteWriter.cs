using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace PasswordSync.Journal.Sqlite.Engine;

/// <summary>
/// The only one that writes to the database: takes whatever waits in its queue, does it in one transaction, commits, then answers each. There is no
/// artificial delay: while one commit is flushed, the next batch gathers.
/// </summary>
internal sealed partial class SqliteWriter : IAsyncDisposable
{
    private readonly SqliteStoreOptions options;
    private readonly Action<CommitStage> interpose;
    private readonly ILogger logger;
    private readonly Channel<WriteRequest> queue;
    private readonly Task running;
    private SqliteSession? session;
    private bool troubled;

    /// <param name="options">Path and bounds.</param>
    /// <param name="interpose">Called at each stage of a commit, on the writer's thread; may throw in the database's place.</param>
    /// <param name="logger">For trouble and recovery.</param>
    public SqliteWriter(SqliteStoreOptions options, Action<CommitStage> interpose, ILogger logger)
    {
        this.options = options;
        this.interpose = interpose;
        this.logger = logger;
        queue = Channel.CreateBounded<WriteRequest>(new BoundedChannelOptions(options.WriteQueueMax) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        running = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Queues work. Once it is queued it cannot be cancelled any more: the task tells how it ended.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled while it waited for a place in the queue; nothing was written.</exception>
    /// <exception cref="ObjectDisposedException">The store was closed; nothing was written.</exception>
    public async ValueTask<T> WriteAsync<T>(Func<SqliteSession, T> work, int operations, bool insideTransaction, CancellationToken cancellationToken)
    {
        var request = new WriteRequest<T>(work, operations, insideTransaction);
        try
        {
            await queue.Writer.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(SqliteStore), "The store was closed.");
        }

        return await request.Ended.ConfigureAwait(false);
    }

    /// <summary>Does what is queued, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await running.ConfigureAwait(false);
    }

    private void Run()
    {
        var batch = new List<WriteRequest>();
        while (WaitForWork())
        {
            Take(batch);
            Commit(batch);
            batch.Clear();
        }

        Abandon(close: true);
    }

    // A thread of its own, because SQLite's calls block it while the disk flushes: a thread of the pool would be missing elsewhere meanwhile. It
    // may as well block while there is nothing to do.
    private bool WaitForWork() => queue.Reader.WaitToReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();

    private void Take(List<WriteRequest> batch)
    {
        var operations = 0;
        while (operations < options.CommitOperationsMax && queue.Reader.TryPeek(out var next))
        {
            if (!next.InsideTransaction && batch.Count > 0) return;
            queue.Reader.TryRead(out _);
            batch.Add(next);
            operations += next.Operations;
            if (!next.InsideTransaction) return;
        }
    }

    private void Commit(List<WriteRequest> batch)
    {
        try
        {
            Attempt(batch);
        }
        catch (Exception trouble) when (batch.Count > 1 && !SqliteTrouble.IsOfStorage(trouble))
        {
            // One of them is at fault. Nothing was written: each is done again by itself, so that only that one fails.
            foreach (var request in batch) Commit([request]);
            return;
        }
        catch (Exception trouble)
        {
            NoteTrouble(trouble);
            foreach (var request in batch) request.Fail(SqliteTrouble.Explain(trouble, options.Path));
            return;
        }

        NoteHealth();
        foreach (var request in batch) request.Complete();
    }

    private void Attempt(List<WriteRequest> batch)
    {
        try
        {
            interpose(CommitStage.BeforeBegin);
            session ??= SqliteSession.Open(options.Path, options.BusyTimeout, SessionUse.Writing);
            if (!batch[0].InsideTransaction)
            {
                batch[0].Execute(session);
                return;
            }

            session.Execute("BEGIN IMMEDIATE");
            foreach (var request in batch) request.Execute(session);
            interpose(CommitStage.BeforeCommit);
            session.Execute("COMMIT");
            interpose(CommitStage.AfterCommit);
        }
        catch (Exception trouble)
        {
            Abandon(close: SqliteTrouble.IsOfStorage(trouble));
            throw;
        }
    }

    // After trouble of the disk nothing of the connection's memory is trusted: the next batch begins with a new one.
    private void Abandon(bool close)
    {
        if (session is null) return;
        var closing = session;
        try
        {
            closing.Rollback();
            if (!close) return;
            session = null;
            closing.Dispose();
        }
        catch (SqliteException trouble)
        {
            session = null;
            ConnectionNotClosed(logger, options.Path, trouble);
        }
    }

    private void NoteTrouble(Exception trouble)
    {
        if (!SqliteTrouble.IsOfStorage(trouble) || troubled) return;
        troubled = true;
        DatabaseTroubled(logger, options.Path, trouble);
    }

    private void NoteHealth()
    {
        if (!troubled) return;
        troubled = false;
        DatabaseRecovered(logger, options.Path);
    }
}

/// <summary>Where a commit stands.</summary>
internal enum CommitStage
{
    /// <summary>Nothing was done yet.</summary>
    BeforeBegin,

    /// <summary>All is written into the transaction.</summary>
    BeforeCommit,

    /// <summary>It is durable, and nobody was told.</summary>
    AfterCommit,
}
