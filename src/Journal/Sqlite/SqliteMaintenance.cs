using Microsoft.Extensions.Logging;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Sqlite.Engine;

namespace PasswordSync.Journal.Sqlite;

/// <summary>Removes what retention no longer keeps, in small transactions between those of the work, and empties the write-ahead log after secrets were deleted.</summary>
internal sealed partial class SqliteMaintenance(SqliteEngine engine, SqliteIdentityJournal journal, SecretTraces traces, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>How many rows one transaction removes at most.</summary>
    public const int RowsPerCommitMax = 500;

    /// <summary>How many such transactions one pass makes at most for each kind of row; the next pass goes on.</summary>
    public const int CommitsPerPassMax = 200;

    // One pass at a time: each judges by what it removed whether there is more.
    private readonly SemaphoreSlim onePass = new(1);

    /// <summary>How long the emptying of the log waits for readers.</summary>
    public static readonly TimeSpan LogPatience = TimeSpan.FromMilliseconds(100);

    /// <summary>Does its work at every interval until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(engine.Options.MaintenanceInterval, time);
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

    /// <summary>Does its work once.</summary>
    public async ValueTask<MaintenanceReport> PassAsync(CancellationToken cancellationToken)
    {
        await onePass.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var now = time.GetUtcNow();
            var accepted = await RepeatAsync(() => RemoveAcceptedAsync(now - engine.Options.AcceptedKeptFor, cancellationToken)).ConfigureAwait(false);
            var events = await RepeatAsync(() => RemoveEventsAsync(now - engine.Options.EventsKeptFor, cancellationToken)).ConfigureAwait(false);
            return new MaintenanceReport(accepted, events, await RemoveTracesAsync(cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            onePass.Release();
        }
    }

    public void Dispose() => onePass.Dispose();

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

    private ValueTask<int> RemoveAcceptedAsync(DateTimeOffset before, CancellationToken cancellationToken) => engine.WriteAsync(
        session => session.Execute(
            "DELETE FROM accepted WHERE accepted_id IN (SELECT accepted_id FROM accepted ORDER BY accepted_id LIMIT $2) AND at < $1", before.ToColumn(), RowsPerCommitMax),
        cancellationToken);

    private async ValueTask<int> RemoveEventsAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var old = await engine.ReadAsync(session => OldestEvents(session, before), cancellationToken).ConfigureAwait(false);
        if (old.Count == 0) return 0;
        foreach (var identity in old.Where(e => !e.IsCovered).Select(e => e.Identity).Distinct())
        {
            await CoverAsync(new IdentityId(identity), cancellationToken).ConfigureAwait(false);
        }

        return await engine.WriteAsync(
            session => session.Execute(
                """
                DELETE FROM event WHERE event_id <= $1 AND at < $2
                AND seq <= (SELECT snapshot.seq FROM snapshot WHERE snapshot.identity_id = event.identity_id)
                """,
                old[^1].EventId, before.ToColumn()),
            cancellationToken).ConfigureAwait(false);
    }

    // Identities with few events have no snapshot yet, and an identity that cannot be read keeps its events: it is for people to look at.
    private async ValueTask CoverAsync(IdentityId identity, CancellationToken cancellationToken)
    {
        try
        {
            var state = await journal.LoadAsync(identity, cancellationToken).ConfigureAwait(false);
            var record = StateCodec.Encode(state);
            var shard = identity.Shard(engine.Options.ShardCount);
            await engine.WriteAsync(
                session =>
                {
                    PreparedAppend.WriteSnapshot(session, identity.Value.ToColumn(), state.Sequence, shard, record, lastForgotten: 0);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception trouble) when (trouble is UnreadableRecordException or InvalidOperationException)
        {
            IdentityNotCovered(logger, identity, trouble);
        }
    }

    // Events lie in the order of their commits, so the oldest come first.
    private static List<OldEvent> OldestEvents(SqliteSession session, DateTimeOffset before)
    {
        var old = new List<OldEvent>();
        using var rows = session.Query(
            """
            SELECT e.event_id, e.identity_id, e.seq <= coalesce(s.seq, 0)
            FROM (SELECT event_id, identity_id, seq, at FROM event ORDER BY event_id LIMIT $2) AS e
            LEFT JOIN snapshot AS s ON s.identity_id = e.identity_id
            WHERE e.at < $1 ORDER BY e.event_id
            """,
            before.ToColumn(), RowsPerCommitMax);
        while (rows.Read()) old.Add(new OldEvent(rows.GetInt64(0), rows.ReadGuid(1), rows.GetBoolean(2)));
        return old;
    }

    private async ValueTask<bool> RemoveTracesAsync(CancellationToken cancellationToken)
    {
        if (!traces.AreLeft) return true;
        await engine.Writer.WriteAsync(
            session =>
            {
                if (EmptyLog(session)) traces.Remove();
                return true;
            },
            operations: 1,
            insideTransaction: false,
            cancellationToken).ConfigureAwait(false);
        return !traces.AreLeft;
    }

    // The writer waits meanwhile, so a reader of another program that holds an old page is not waited for: the next pass tries again.
    private bool EmptyLog(SqliteSession session)
    {
        session.SetPatience(LogPatience);
        try
        {
            return session.Number("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
        }
        finally
        {
            session.SetPatience(engine.Options.BusyTimeout);
        }
    }

    private readonly record struct OldEvent(long EventId, Guid Identity, bool IsCovered);

    [LoggerMessage(EventId = 4011, Level = LogLevel.Warning, Message = "The store's housekeeping could not be done; it is tried again")]
    private static partial void PassFailed(ILogger logger, Exception trouble);

    [LoggerMessage(EventId = 4012, Level = LogLevel.Error, Message = "The journal of identity {Identity} cannot be read; its events are kept beyond their retention")]
    private static partial void IdentityNotCovered(ILogger logger, IdentityId identity, Exception trouble);
}
