using Microsoft.Extensions.Logging;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <summary>The housekeeping on SQLite; empties the write-ahead log after secrets were deleted.</summary>
internal sealed class SqliteMaintenance(SqliteEngine engine, IIdentityJournal journal, SecretTraces traces, TimeProvider time, ILogger logger)
    : Housekeeper(engine.Options, journal, time, logger)
{
    /// <summary>How long the emptying of the log waits for readers.</summary>
    public static readonly TimeSpan LogPatience = TimeSpan.FromMilliseconds(100);

    protected override ValueTask<int> RemoveAcceptedAsync(DateTimeOffset before, CancellationToken cancellationToken) => engine.WriteAsync(
        session => session.Execute(
            "DELETE FROM accepted WHERE accepted_id IN (SELECT accepted_id FROM accepted ORDER BY accepted_id LIMIT $2) AND at < $1", before.ToColumn(), RowsPerCommitMax),
        cancellationToken);

    protected override ValueTask<int> RemoveTroublesAsync(TroubleTable table, DateTimeOffset before, CancellationToken cancellationToken) => engine.WriteAsync(
        session => session.Execute(
            $"DELETE FROM {table.Name} WHERE ({table.Key}) IN (SELECT {table.Key} FROM {table.Name} WHERE since < $1 LIMIT $2)", before.ToColumn(), RowsPerCommitMax),
        cancellationToken);

    // Mostly none is past, and all are looked through for that: not by the one writer, for which captures wait.
    protected override async ValueTask<int> RemovePastUnconfirmedAsync(CancellationToken cancellationToken)
    {
        const string past = "SELECT u.identity_id FROM unconfirmed AS u WHERE EXISTS (SELECT 1 FROM event AS e WHERE e.identity_id = u.identity_id AND e.seq > u.seq AND e.kind = 'capture-accepted.1')";
        if (!await engine.ReadAsync(IsAnyPast, cancellationToken).ConfigureAwait(false)) return 0;
        return await engine.WriteAsync(session => session.Execute($"DELETE FROM unconfirmed WHERE identity_id IN ({past} LIMIT $1)", RowsPerCommitMax), cancellationToken).ConfigureAwait(false);

        static bool IsAnyPast(SqliteSession session)
        {
            using var found = session.Query($"{past} LIMIT 1");
            return found.Read();
        }
    }

    protected override async ValueTask<IReadOnlyList<OldEvent>> ReadOldEventsAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        await engine.ReadAsync(session => OldestEvents(session, before), cancellationToken).ConfigureAwait(false);

    protected override ValueTask<int> RemoveEventsAsync(IReadOnlyList<OldEvent> old, DateTimeOffset before, CancellationToken cancellationToken) => engine.WriteAsync(
        session => session.Execute(
            """
            DELETE FROM event WHERE event_id <= $1 AND at < $2
            AND seq <= (SELECT snapshot.seq FROM snapshot WHERE snapshot.identity_id = event.identity_id)
            """,
            old[^1].Place, before.ToColumn()),
        cancellationToken);

    protected override async ValueTask WriteSnapshotAsync(IdentityId identity, long sequence, int shard, StoredRecord state, CancellationToken cancellationToken) =>
        await engine.WriteAsync(
            session =>
            {
                AppendWriter.WriteSnapshot(session, identity.Value.ToColumn(), sequence, shard, state, lastForgotten: 0);
                return true;
            },
            cancellationToken).ConfigureAwait(false);

    protected override async ValueTask<bool> RemoveTracesAsync(CancellationToken cancellationToken)
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
}
