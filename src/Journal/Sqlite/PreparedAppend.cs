using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Sqlite.Engine;

namespace PasswordSync.Journal.Sqlite;

/// <summary>An append in its stored form, made on the caller's thread: the writer's has only to write.</summary>
internal sealed class PreparedAppend
{
    private readonly byte[] identity;
    private readonly int shard;
    private readonly long epoch;
    private readonly long before;
    private readonly (StoredRecord Record, long At)[] events;
    private readonly StoredRecord? snapshot;
    private readonly long after;
    private readonly long lastForgotten;
    private readonly long[] decidedInbox;
    private readonly long? wakeUpAt;
    private readonly byte[][] releasedSecrets;

    private PreparedAppend(JournalAppend append, SqliteStoreOptions options)
    {
        identity = append.Identity.Value.ToColumn();
        shard = append.Shard;
        epoch = append.Epoch;
        before = append.Before.Sequence;
        after = append.After.Sequence;
        events = [.. append.Events.Select(happened => (EventCodec.Encode(happened), happened.At.ToColumn()))];
        snapshot = after / options.SnapshotEvery > before / options.SnapshotEvery ? StateCodec.Encode(append.After) : null;
        lastForgotten = after - options.EventsKeptMax;
        decidedInbox = [.. append.DecidedInbox];
        wakeUpAt = append.WakeUpAt?.ToColumn();
        releasedSecrets = [.. append.ReleasedSecrets.Select(capture => capture.Value.ToColumn())];
    }

    /// <exception cref="ArgumentException">The parts of the append contradict each other.</exception>
    public static PreparedAppend Of(JournalAppend append, SqliteStoreOptions options)
    {
        if (append.Shard != append.Identity.Shard(options.ShardCount))
        {
            throw new ArgumentException($"The shard {append.Shard} is not that of the identity, {append.Identity.Shard(options.ShardCount)}.", nameof(append));
        }

        if (append.After.Sequence != append.Before.Sequence + append.Events.Length)
        {
            throw new ArgumentException(
                $"The states' sequences {append.Before.Sequence} and {append.After.Sequence} do not fit {append.Events.Length} events.", nameof(append));
        }

        return new PreparedAppend(append, options);
    }

    /// <summary>Checks and writes, inside a transaction.</summary>
    public AppendResult Write(SqliteSession session, SecretTraces traces)
    {
        if (Check(session) is { } refusal) return refusal;
        for (var i = 0; i < events.Length; i++)
        {
            session.Execute(
                "INSERT INTO event (identity_id, seq, shard_id, kind, body, at) VALUES ($1, $2, $3, $4, $5, $6)",
                identity, before + 1 + i, shard, events[i].Record.Kind, events[i].Record.Body, events[i].At);
        }

        foreach (var sequence in decidedInbox) session.Execute("DELETE FROM inbox WHERE seq = $1 AND shard_id = $2", sequence, shard);
        WritePending(session);
        foreach (var capture in releasedSecrets)
        {
            if (session.Execute("DELETE FROM secret WHERE capture_id = $1", capture) > 0) traces.Leave();
        }

        if (snapshot is { } state) WriteSnapshot(session, identity, after, shard, state, lastForgotten);
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

    private AppendResult? Check(SqliteSession session)
    {
        using var place = session.Query(
            """
            SELECT (SELECT epoch FROM shard WHERE shard_id = $1 AND owner IS NOT NULL),
                   max(coalesce((SELECT max(seq) FROM event WHERE identity_id = $2), 0), coalesce((SELECT seq FROM snapshot WHERE identity_id = $2), 0))
            """,
            shard, identity);
        place.Read();
        if (place.IsDBNull(0) || place.GetInt64(0) != epoch) return AppendResult.Fenced;
        return place.GetInt64(1) == before ? null : AppendResult.Conflict;
    }

    private void WritePending(SqliteSession session)
    {
        if (wakeUpAt is { } dueAt)
        {
            session.Execute(
                """
                INSERT INTO pending (identity_id, shard_id, due_at) VALUES ($1, $2, $3)
                ON CONFLICT (identity_id) DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at <> due_at
                """,
                identity, shard, dueAt);
        }
        else
        {
            session.Execute("DELETE FROM pending WHERE identity_id = $1", identity);
        }
    }
}
