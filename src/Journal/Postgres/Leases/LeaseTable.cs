using Npgsql;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres.Leases;

/// <summary>A node as its row stands.</summary>
internal sealed record SeenNode(string Name, Guid Incarnation, string Sessions, DateTime Heartbeat, TimeSpan Age, bool IsLeaving, bool HasLeft);

/// <summary>All nodes and all shards at one moment.</summary>
internal sealed record SeenCluster(IReadOnlyList<SeenNode> Nodes, IReadOnlyList<SeenShard> Shards)
{
    /// <summary>The database's time then; null if there are no nodes.</summary>
    public DateTime? Time => Nodes is [var any, ..] ? any.Heartbeat + any.Age : null;
}

/// <summary>The statements on nodes and shards.</summary>
internal static class LeaseTable
{
    // The value must change with every heartbeat, also when the server's clock was set back. A node that was taken down and wakes up is back with its next one.
    private const string Beat = """
        UPDATE node SET heartbeat_at = greatest(clock_timestamp(), heartbeat_at + interval '1 microsecond'), addresses = $3, labels = $4, version = $5, is_leaving = $6, has_left = false
        WHERE name = $1 AND incarnation = $2
        """;

    // What an earlier process of this name may still have under way must not wait in our way.
    private const string EndPredecessor = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE usename = current_user AND application_name = (SELECT sessions FROM node WHERE name = $1 AND incarnation <> $2) AND application_name <> $3
        """;

    private const string Add = """
        INSERT INTO node (name, incarnation, sessions, addresses, labels, version, began_at, heartbeat_at) VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), clock_timestamp())

        """;

    private const string Introduce = Add + """
        ON CONFLICT (name) DO UPDATE SET incarnation = excluded.incarnation, sessions = excluded.sessions, addresses = excluded.addresses, labels = excluded.labels,
          version = excluded.version, began_at = excluded.began_at, heartbeat_at = greatest(clock_timestamp(), node.heartbeat_at + interval '1 microsecond'), is_leaving = false, has_left = false
        """;

    // Of a process that was silent for so long that its row went; not in the place of another one of its name.
    private const string IntroduceAgain = Add + "ON CONFLICT (name) DO NOTHING";

    // Measured from the newest heartbeat, which stays: after a time in which the whole cluster stood still nobody is forgotten before somebody lives.
    private const string Forget = """
        DELETE FROM node WHERE name = ANY (ARRAY(
          SELECT silent.name FROM node AS silent WHERE silent.heartbeat_at < (SELECT max(heartbeat_at) FROM node) - $1
          AND NOT EXISTS (SELECT FROM shard WHERE shard.incarnation = silent.incarnation) FOR UPDATE OF silent SKIP LOCKED))
        RETURNING name
        """;

    private const string Nodes = "SELECT name, incarnation, sessions, heartbeat_at, clock_timestamp() - heartbeat_at, is_leaving, has_left FROM node ORDER BY name";

    private const string Shards = "SELECT shard_id, epoch, incarnation FROM shard ORDER BY shard_id";

    // Rows that somebody holds are passed over: there is a next time. Of a node that stood still, only while it still does.
    private const string Take = """
        WITH wanted AS MATERIALIZED (
          SELECT shard.shard_id FROM unnest($3, $4, $5) AS seen (shard_id, epoch, owner) JOIN shard USING (shard_id)
          WHERE shard.epoch = seen.epoch AND shard.incarnation IS NOT DISTINCT FROM seen.owner
          AND NOT EXISTS (
            SELECT FROM node WHERE node.incarnation = shard.incarnation AND NOT node.has_left
            AND NOT EXISTS (SELECT FROM unnest($6, $7) AS still (incarnation, heartbeat_at) WHERE still.incarnation = node.incarnation AND still.heartbeat_at = node.heartbeat_at))
          ORDER BY shard.shard_id FOR NO KEY UPDATE OF shard SKIP LOCKED
        )
        UPDATE shard SET owner = $1, incarnation = $2, epoch = epoch + 1 WHERE shard_id = ANY (ARRAY(SELECT shard_id FROM wanted)) RETURNING shard_id, epoch
        """;

    /// <summary>Tells that the node lives; false if another process runs under its name.</summary>
    public static async Task<bool> BeatAsync(NpgsqlConnection connection, NodeId node, NodeDescription told, bool isLeaving, CancellationToken cancellationToken) =>
        await connection.Command(Beat, Of(node.Name), Of(node.Incarnation), Of(told.Addresses.ToArray()), Of(told.Labels.ToArray()), Of(told.Version), Of(isLeaving))
            .ExecuteAsync(cancellationToken).ConfigureAwait(false) == 1;

    /// <summary>Makes the node known, in the place of an earlier process of its name.</summary>
    public static async Task IntroduceAsync(NpgsqlConnection connection, NodeId node, string sessions, NodeDescription told, CancellationToken cancellationToken)
    {
        await connection.Command(EndPredecessor, Of(node.Name), Of(node.Incarnation), Of(sessions)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
        await connection.Command(
            Introduce, Of(node.Name), Of(node.Incarnation), Of(sessions), Of(told.Addresses.ToArray()), Of(told.Labels.ToArray()), Of(told.Version))
            .ExecuteAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a node known again whose row was forgotten; false if another process has its name.</summary>
    public static async Task<bool> IntroduceAgainAsync(NpgsqlConnection connection, NodeId node, string sessions, NodeDescription told, CancellationToken cancellationToken) =>
        await connection.Command(
            IntroduceAgain, Of(node.Name), Of(node.Incarnation), Of(sessions), Of(told.Addresses.ToArray()), Of(told.Labels.ToArray()), Of(told.Version))
            .ExecuteAsync(cancellationToken).ConfigureAwait(false) == 1;

    /// <summary>Forgets nodes that own nothing and of which nothing was heard for so long, whether they left or died; their names.</summary>
    public static Task<List<string>> ForgetAsync(NpgsqlConnection connection, TimeSpan silentFor, CancellationToken cancellationToken) =>
        connection.Command(Forget, Of(silentFor)).RowsAsync(row => row.GetString(0), cancellationToken);

    public static async Task<SeenCluster> LookAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var nodes = await connection.Command(Nodes).RowsAsync(
            row => new SeenNode(row.GetString(0), row.GetGuid(1), row.GetString(2), row.GetDateTime(3), row.GetTimeSpan(4), row.GetBoolean(5), row.GetBoolean(6)), cancellationToken).ConfigureAwait(false);
        var shards = await connection.Command(Shards).RowsAsync(
            row => new SeenShard(row.GetInt32(0), row.GetInt64(1), row.Optional<Guid>(2)), cancellationToken).ConfigureAwait(false);
        return new SeenCluster(nodes, shards);
    }

    /// <summary>Takes shards that are still as they were seen; those taken, with their new epochs.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="node">For whom.</param>
    /// <param name="shards">Which.</param>
    /// <param name="stoodStill">The nodes that are gone, with their last heartbeat.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static Task<List<(int Shard, long Epoch)>> TakeAsync(
        NpgsqlConnection connection, NodeId node, IReadOnlyCollection<SeenShard> shards, IReadOnlyCollection<SeenNode> stoodStill, CancellationToken cancellationToken) =>
        connection.Command(
            Take,
            Of(node.Name), Of(node.Incarnation), Of(shards.Select(shard => shard.Shard).ToArray()), Of(shards.Select(shard => shard.Epoch).ToArray()),
            Of(shards.Select(shard => shard.Owner).ToArray()), Of(stoodStill.Select(gone => gone.Incarnation).ToArray()), Of(stoodStill.Select(gone => gone.Heartbeat).ToArray()))
            .RowsAsync(row => (row.GetInt32(0), row.GetInt64(1)), cancellationToken);

    /// <summary>Ends the sessions of nodes that are gone: a frozen one may hold a lock on its shards for ever.</summary>
    public static Task<int> EndSessionsAsync(NpgsqlConnection connection, IReadOnlyCollection<SeenNode> stoodStill, string own, CancellationToken cancellationToken) =>
        connection.Command(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND application_name = ANY ($1) AND application_name <> $2",
            Of(stoodStill.Select(node => node.Sessions).ToArray()), Of(own)).ExecuteAsync(cancellationToken);

    /// <summary>Takes a node down: it has left, its sessions are ended so that it holds no lock, its shards are nobody's.</summary>
    /// <returns>How many shards it had, counted first: others take them as soon as it has left.</returns>
    public static async Task<int> DownAsync(NpgsqlConnection connection, NodeId node, string own, CancellationToken cancellationToken)
    {
        var had = await connection.Command("SELECT count(*)::integer FROM shard WHERE incarnation = $1", Of(node.Incarnation)).RowsAsync(row => row.GetInt32(0), cancellationToken).ConfigureAwait(false);
        await connection.Command("UPDATE node SET has_left = true WHERE name = $1 AND incarnation = $2", Of(node.Name), Of(node.Incarnation)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
        await connection.Command(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND application_name = (SELECT sessions FROM node WHERE incarnation = $1) AND application_name <> $2",
            Of(node.Incarnation), Of(own)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
        await connection.Command(
            """
            UPDATE shard SET owner = NULL, incarnation = NULL WHERE shard_id = ANY (ARRAY(SELECT shard_id FROM shard WHERE incarnation = $1 ORDER BY shard_id FOR NO KEY UPDATE))
            """,
            Of(node.Incarnation)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
        return had[0];
    }

    /// <summary>Gives shards back; all of the node's where none are named, and then it has left. Whoever listens hears of it when it is done.</summary>
    public static async Task ReleaseAsync(NpgsqlConnection connection, NodeId node, IReadOnlyCollection<int>? shards, string channel, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(connection);
        await using var disposing = batch.ConfigureAwait(false);
        if (shards is null) batch.Add("UPDATE node SET has_left = true WHERE name = $1 AND incarnation = $2", Of(node.Name), Of(node.Incarnation));
        batch.Add(
            """
            UPDATE shard SET owner = NULL, incarnation = NULL WHERE shard_id = ANY (ARRAY(
              SELECT shard_id FROM shard WHERE incarnation = $1 AND ($2::integer[] IS NULL OR shard_id = ANY ($2)) ORDER BY shard_id FOR NO KEY UPDATE))
            """,
            Of(node.Incarnation), new NpgsqlParameter { Value = shards is null ? DBNull.Value : shards.ToArray(), NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Integer });

        // In the transaction itself: releases are rare, and nobody looks before there is something to see.
        batch.Add("SELECT pg_notify($1, $2)", Of(channel), Of(ArrivalSignal.OfReleases));
        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
