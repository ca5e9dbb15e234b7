using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace PasswordSync.Journal.Postgres.Engine;

/// <summary>
/// Writes or reads what many ask for in one transaction, then answers each: takes whatever waits in its queue, commits, and while that commit is flushed, the next batch gathers.
/// </summary>
/// <typeparam name="TItem">What is asked for.</typeparam>
/// <typeparam name="TResult">How it ended.</typeparam>
internal sealed partial class GroupWriter<TItem, TResult> : IAsyncDisposable
    where TItem : notnull
{
    private readonly PostgresDatabase database;
    private readonly GroupWork<TItem, TResult> work;
    private readonly ILogger logger;
    private readonly Channel<Request> queue;
    private readonly Task running;
    private bool troubled;

    public GroupWriter(PostgresDatabase database, GroupWork<TItem, TResult> work, ILogger logger)
    {
        this.database = database;
        this.work = work;
        this.logger = logger;
        queue = Channel.CreateBounded<Request>(new BoundedChannelOptions(database.Options.WriteQueueMax) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        running = Task.Run(RunAsync);
    }

    private sealed class Request(TItem item)
    {
        private readonly TItem asked = item;
        private readonly TaskCompletionSource<TResult> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private List<Request>? joined;

        /// <summary>What is to be done: what was asked for, with what others asked for that were joined to it.</summary>
        public TItem Item { get; private set; } = item;

        public Task<TResult> Ended => ended.Task;

        /// <summary>Another one is done with this one, in one item, and ends as it does.</summary>
        public void Join(Request other, TItem both)
        {
            (joined ??= []).Add(other);
            Item = both;
        }

        /// <summary>Each by itself again, in order.</summary>
        public Request[] Part()
        {
            Request[] all = [this, .. joined ?? []];
            joined = null;
            Item = asked;
            return all;
        }

        public void Complete(TResult result)
        {
            ended.TrySetResult(result);
            foreach (var other in joined ?? []) other.Complete(result);
        }

        public void Fail(Exception trouble)
        {
            ended.TrySetException(trouble);
            foreach (var other in joined ?? []) other.Fail(trouble);
        }
    }

    /// <summary>Queues an item. Once it is queued it cannot be cancelled any more: the task tells how it ended.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled while it waited for a place in the queue; nothing was written.</exception>
    /// <exception cref="ObjectDisposedException">The store was closed; nothing was written.</exception>
    public async ValueTask<TResult> WriteAsync(TItem item, CancellationToken cancellationToken)
    {
        var request = new Request(item);
        try
        {
            await queue.Writer.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(PostgresStore), "The store was closed.");
        }

        return await request.Ended.ConfigureAwait(false);
    }

    /// <summary>Does what is queued, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var batch = new List<Request>();
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            Take(batch);
            if (batch.Count > 0) await CommitAsync(batch).ConfigureAwait(false);
            batch.Clear();
        }
    }

    private void Take(List<Request> batch)
    {
        var operations = 0;
        var taken = new Dictionary<object, Request>();
        while (operations < database.Options.CommitOperationsMax && queue.Reader.TryPeek(out var next))
        {
            var key = work.KeyOf(next.Item);
            if (key is not null && taken.TryGetValue(key, out var earlier))
            {
                if (!work.TryJoin(earlier.Item, next.Item, out var both)) return;
                earlier.Join(next, both);
            }
            else if (!IsPrecluded(next))
            {
                batch.Add(next);
                if (key is not null) taken.Add(key, next);
            }

            queue.Reader.TryRead(out _);
            operations += work.OperationsOf(next.Item);
        }
    }

    private bool IsPrecluded(Request request)
    {
        if (work.Preclude(request.Item) is not { } judgement) return false;
        request.Complete(judgement.Value);
        return true;
    }

    private async Task CommitAsync(List<Request> batch)
    {
        try
        {
            var results = await AttemptAsync(batch).ConfigureAwait(false);
            for (var i = 0; i < batch.Count; i++) batch[i].Complete(results[i]);
            NoteHealth();
        }
        catch (Exception trouble) when (batch.Count > 1 && !PostgresTrouble.IsOfStorage(trouble))
        {
            // One of them is at fault. Nothing was written: each is done again by itself, so that only that one fails.
            foreach (var request in batch.SelectMany(request => request.Part()))
            {
                if (!IsPrecluded(request)) await CommitAsync([request]).ConfigureAwait(false);
            }
        }
        catch (Exception trouble)
        {
            NoteTrouble(trouble);
            foreach (var request in batch) request.Fail(PostgresTrouble.Explain(trouble, database.Name));
        }
    }

    private async Task<IReadOnlyList<TResult>> AttemptAsync(List<Request> batch)
    {
        var items = batch.ConvertAll(request => request.Item);
        try
        {
            return await database.UseAsync((connection, _) => work.WriteAsync(connection, items), CancellationToken.None).ConfigureAwait(false);
        }
        catch (PostgresException trouble) when (batch.Count == 1 && work.Judge(trouble) is { } result)
        {
            return [result.Value];
        }
    }

    private void NoteTrouble(Exception trouble)
    {
        if (!PostgresTrouble.IsOfStorage(trouble) || troubled) return;
        troubled = true;
        DatabaseTroubled(logger, database.Name, trouble.GetType(), PostgresTrouble.Describe(trouble, database.Name));
    }

    private void NoteHealth()
    {
        if (!troubled) return;
        troubled = false;
        DatabaseRecovered(logger, database.Name);
    }

    [LoggerMessage(EventId = 2511, Level = LogLevel.Error, Message = "The database {Database} cannot be written ({Trouble}); what it would decide is tried again: {Reason}")]
    private static partial void DatabaseTroubled(ILogger logger, string database, Type trouble, string reason);

    [LoggerMessage(EventId = 2512, Level = LogLevel.Information, Message = "The database {Database} can be written again")]
    private static partial void DatabaseRecovered(ILogger logger, string database);
}

/// <summary>How a group of items is written.</summary>
internal abstract class GroupWork<TItem, TResult>
{
    /// <summary>How much of a commit's bound an item takes. 1 or greater.</summary>
    public abstract int OperationsOf(TItem item);

    /// <summary>Of two items with the same key, only one is in a commit, or both as one (<see cref="TryJoin"/>); null where an item goes with every other.</summary>
    public abstract object? KeyOf(TItem item);

    /// <summary>Makes one item of two with the same key, which ends for both in the same way; false where they go into different commits.</summary>
    public virtual bool TryJoin(TItem earlier, TItem later, [MaybeNullWhen(false)] out TItem both)
    {
        both = default;
        return false;
    }

    /// <summary>The result of an item that is not to be tried, by what became of those before it; null for one that is.</summary>
    public virtual Judgement<TResult>? Preclude(TItem item) => null;

    /// <summary>Writes all in one transaction; the results in the order of the items.</summary>
    public abstract Task<IReadOnlyList<TResult>> WriteAsync(NpgsqlConnection connection, IReadOnlyList<TItem> items);

    /// <summary>The result that an error of the database means for a single item; null if it is a fault.</summary>
    public virtual Judgement<TResult>? Judge(PostgresException trouble) => null;
}

/// <summary>A result, as opposed to none.</summary>
internal sealed record Judgement<TResult>(TResult Value);
