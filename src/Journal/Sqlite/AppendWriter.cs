using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <summary>Writes appends to SQLite.</summary>
internal static class AppendWriter
{
    /// <summary>Checks and writes, inside a transaction.</summary>
    public static AppendResult Write(this StoredAppend append, SqliteSession session, SecretTraces traces)
    {
        var identity = append.Identity.ToColumn();
        if (append.FollowsNothingWritten) return AppendResult.Conflict;
        if (Check(session, append, identity) is { } refusal) return refusal;
        for (var i = 0; i < append.Events.Length; i++)
        {
            session.Execute(
                "INSERT INTO event (identity_id, seq, shard_id, kind, body, at) VALUES ($1, $2, $3, $4, $5, $6)",
                identity, append.Before + 1 + i, append.Shard, append.Events[i].Record.Kind, append.Events[i].Record.Body, append.Events[i].At);
        }

        foreach (var sequence in append.DecidedInbox) session.Execute("DELETE FROM inbox WHERE seq = $1 AND shard_id = $2", sequence, append.Shard);
        WritePending(session, append, identity);
        foreach (var capture in append.ReleasedSecrets)
        {
            if (session.Execute("DELETE FROM secret WHERE capture_id = $1", capture.ToColumn()) > 0) traces.Leave();
        }

        WriteStuck(session, "parked", append.Parked, identity);
        WriteStuck(session, "failing", append.Failing, identity);
        WriteStuck(session, "missed", append.Missed, identity);
        WriteUnconfirmed(session, append, identity);
        foreach (var name in append.Names) session.Execute("INSERT INTO known_name (name, identity_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, identity);
        if (append.Snapshot is { } state) WriteSnapshot(session, identity, append.SnapshotAt, append.Shard, state, append.LastForgotten);
        append.SetMarks();
        return AppendResult.Appended;
    }

    /// <summary>Puts a snapshot in the place of an older one, and removes the events up to a number that it covers.</summary>
    public static void WriteSnapshot(SqliteSession session, byte[] identity, long sequence, int shard, StoredRecord state, long lastForgotten)
    {
        session.Execute(
            """
            INSERT INTO snapshot (identity_id, seq, shard_id, kind, body) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (identity_id) DO UPDATE SET seq = excluded.seq, kind = excluded.kind, body = excluded.body WHERE excluded.seq > seq
            """,
            identity, sequence, shard, state.Kind, state.Body);
        if (lastForgotten > 0) session.Execute("DELETE FROM event WHERE identity_id = $1 AND seq <= $2", identity, Math.Min(lastForgotten, sequence));
    }

    private static AppendResult? Check(SqliteSession session, StoredAppend append, byte[] identity)
    {
        using var place = session.Query(
            """
            SELECT (SELECT epoch FROM shard WHERE shard_id = $1 AND owner IS NOT NULL),
                   max(coalesce((SELECT max(seq) FROM event WHERE identity_id = $2), 0), coalesce((SELECT seq FROM snapshot WHERE identity_id = $2), 0))
            """,
            append.Shard, identity);
        place.Read();
        if (place.IsDBNull(0) || place.GetInt64(0) != append.Epoch) return AppendResult.Fenced;
        return place.GetInt64(1) == append.Before ? null : AppendResult.Conflict;
    }

    private static void WriteStuck(SqliteSession session, string table, (string Point, long? Since)[] changes, byte[] identity)
    {
        foreach (var (point, since) in changes)
        {
            if (since is { } time) session.Execute($"INSERT INTO {table} (identity_id, point, since) VALUES ($1, $2, $3) ON CONFLICT (identity_id, point) DO UPDATE SET since = excluded.since WHERE excluded.since <> since", identity, point, time);
            else session.Execute($"DELETE FROM {table} WHERE identity_id = $1 AND point = $2", identity, point);
        }
    }

    private static void WriteUnconfirmed(SqliteSession session, StoredAppend append, byte[] identity)
    {
        if (append.Unconfirmed is not { } reported) return;
        session.Execute(
            "INSERT INTO unconfirmed (identity_id, seq, since) VALUES ($1, $2, $3) ON CONFLICT (identity_id) DO UPDATE SET seq = excluded.seq, since = excluded.since",
            identity, reported.Sequence, reported.Since);
    }

    private static void WritePending(SqliteSession session, StoredAppend append, byte[] identity)
    {
        if (append.WakeUpAt is { } dueAt)
        {
            session.Execute(
                """
                INSERT INTO pending (identity_id, shard_id, due_at) VALUES ($1, $2, $3)
                ON CONFLICT (identity_id) DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at <> due_at
                """,
                identity, append.Shard, dueAt);
        }
        else if (append.EndsPending)
        {
            session.Execute("DELETE FROM pending WHERE identity_id = $1", identity);
        }
    }
}
