using Microsoft.Extensions.Logging;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;

namespace PasswordSync.Journal.Storing;

/// <summary>Removes what retention no longer keeps, in small transactions between those of the work, at every interval until it is disposed.</summary>
internal abstract partial class Housekeeper : IAsyncDisposable
{
    /// <summary>How many rows one transaction removes at most.</summary>
    public const int RowsPerCommitMax = 500;

    /// <summary>How many such transactions one pass makes at most for each kind of row; the next pass goes on.</summary>
    public const int CommitsPerPassMax = 200;

    private readonly StoreOptions options;
    private readonly IIdentityJournal journal;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly CancellationTokenSource closing = new();

    // One pass at a time: each judges by what it removed whether there is more.
    private readonly SemaphoreSlim onePass = new(1);
    private Task running = Task.CompletedTask;

    protected Housekeeper(StoreOptions options, IIdentityJournal journal, TimeProvider time, ILogger logger)
    {
        this.options = options;
        this.journal = journal;
        this.time = time;
        this.logger = logger;
    }

    /// <summary>An event whose retention is over.</summary>
    protected readonly record struct OldEvent(long Place, Guid Identity, bool IsCovered);

    /// <summary>Begins to work at every interval.</summary>
    public void Start() => running = RunAsync(closing.Token);

    /// <summary>Does its work once.</summary>
    public async ValueTask<MaintenanceReport> PassAsync(CancellationToken cancellationToken)
    {
        await onePass.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var now = time.GetUtcNow();
            var accepted = await RepeatAsync(() => RemoveAcceptedAsync(now - options.AcceptedKeptFor, cancellationToken)).ConfigureAwait(false);

            // By then every delivery of such a capture has ended; its row is still there only if a node wrote the end that does not know this table.
            await RepeatAsync(() => RemoveTroublesAsync(TroubleTable.Failing, now - options.AcceptedKeptFor, cancellationToken)).ConfigureAwait(false);

            // What tells that it is past may be trimmed away before it is old.
            try
            {
                await RepeatAsync(() => RemovePastUnconfirmedAsync(cancellationToken)).ConfigureAwait(false);
            }
            catch (StorageUnavailableException trouble)
            {
                // Among very many it takes longer than a statement may; retention must not wait for that.
                PassFailed(logger, trouble);
            }

            // Who has not changed the password in so long will not for this: somebody who has left must not be a trouble for ever. Before the events by which an unconfirmed one is past.
            var troublesKeptFor = options.AcceptedKeptFor < options.EventsKeptFor ? options.AcceptedKeptFor : options.EventsKeptFor;
            foreach (var table in (TroubleTable[])[TroubleTable.Missed, TroubleTable.Unconfirmed]) await RepeatAsync(() => RemoveTroublesAsync(table, now - troublesKeptFor, cancellationToken)).ConfigureAwait(false);
            var events = await RepeatAsync(() => RemoveEventsAsync(now - options.EventsKeptFor, cancellationToken)).ConfigureAwait(false);
            await ForgetNodesAsync(cancellationToken).ConfigureAwait(false);
            return new MaintenanceReport(accepted, events, await RemoveTracesAsync(cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            onePass.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
        onePass.Dispose();
        closing.Dispose();
    }

    /// <summary>Removes some ids accepted before a time, at most <see cref="RowsPerCommitMax"/>; how many.</summary>
    protected abstract ValueTask<int> RemoveAcceptedAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>Removes some rows whose <c>since</c> is before a time, at most <see cref="RowsPerCommitMax"/>; how many.</summary>
    protected abstract ValueTask<int> RemoveTroublesAsync(TroubleTable table, DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>Removes some unconfirmed captures of identities that had a change accepted later, at most <see cref="RowsPerCommitMax"/>; how many.</summary>
    protected abstract ValueTask<int> RemovePastUnconfirmedAsync(CancellationToken cancellationToken);

    /// <summary>Some of the oldest events from before a time, at most <see cref="RowsPerCommitMax"/>.</summary>
    protected abstract ValueTask<IReadOnlyList<OldEvent>> ReadOldEventsAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>Removes those of the given events that a snapshot covers; how many.</summary>
    protected abstract ValueTask<int> RemoveEventsAsync(IReadOnlyList<OldEvent> old, DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>Writes a snapshot unless there is a newer one.</summary>
    protected abstract ValueTask WriteSnapshotAsync(IdentityId identity, long sequence, int shard, StoredRecord state, CancellationToken cancellationToken);

    /// <summary>Forgets nodes that are long gone, where there are several.</summary>
    protected virtual ValueTask ForgetNodesAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Removes what deleted secrets left in the files; whether none is left.</summary>
    protected abstract ValueTask<bool> RemoveTracesAsync(CancellationToken cancellationToken);

    private static async ValueTask<int> RepeatAsync(Func<ValueTask<int>> removeSome)
    {
        var all = 0;
        for (var commits = 0; commits < CommitsPerPassMax; commits++)
        {
            var some = await removeSome().ConfigureAwait(false);
            all += some;
            if (some == 0) break;
        }

        return all;
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.MaintenanceInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    await PassAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (StorageUnavailableException trouble)
                {
                    PassFailed(logger, trouble);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The store is being closed.
        }
    }

    private async ValueTask<int> RemoveEventsAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var old = await ReadOldEventsAsync(before, cancellationToken).ConfigureAwait(false);
        if (old.Count == 0) return 0;
        foreach (var identity in old.Where(e => !e.IsCovered).Select(e => e.Identity).Distinct())
        {
            await CoverAsync(new IdentityId(identity), cancellationToken).ConfigureAwait(false);
        }

        return await RemoveEventsAsync(old, before, cancellationToken).ConfigureAwait(false);
    }

    // Identities with few events have no snapshot yet, and an identity that cannot be read keeps its events: it is for people to look at.
    private async ValueTask CoverAsync(IdentityId identity, CancellationToken cancellationToken)
    {
        try
        {
            var state = await journal.LoadAsync(identity, cancellationToken).ConfigureAwait(false);
            await WriteSnapshotAsync(identity, state.Sequence, identity.Shard(options.ShardCount), StateCodec.Encode(state), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception trouble) when (trouble is UnreadableRecordException or InvalidOperationException)
        {
            IdentityNotCovered(logger, identity, trouble);
        }
    }

    [LoggerMessage(EventId = 4011, Level = LogLevel.Warning, Message = "The store's housekeeping could not be done; it is tried again")]
    private static partial void PassFailed(ILogger logger, Exception trouble);

    [LoggerMessage(EventId = 4012, Level = LogLevel.Error, Message = "The journal of identity {Identity} cannot be read; its events are kept beyond their retention")]
    private static partial void IdentityNotCovered(ILogger logger, IdentityId identity, Exception trouble);
}
