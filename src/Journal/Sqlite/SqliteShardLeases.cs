using System.Collections.Immutable;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <summary>
/// Leases where there is one node: the lock on the database file sees to that, so no clock does. Each incarnation of the node takes all shards with a
/// higher epoch, which fences off what an earlier one may still have under way.
/// </summary>
internal sealed class SqliteShardLeases(SqliteEngine engine, TimeProvider time) : IShardLeases
{
    public int ShardCount => engine.Options.ShardCount;

    public async ValueTask<LeaseView> KeepAsync(NodeId node, bool isLeaving, CancellationToken cancellationToken)
    {
        var owned = await engine.ReadAsync(session => Owned(session, node), cancellationToken).ConfigureAwait(false);
        if (owned.Count < ShardCount && !isLeaving) owned = await engine.WriteAsync(session => Take(session, node), cancellationToken).ConfigureAwait(false);
        return new LeaseView(owned, engine.Options.LeaseValidFor) { Surplus = isLeaving ? [.. owned.Keys] : [] };
    }

    public async ValueTask ReleaseAsync(NodeId node, IReadOnlyCollection<int> shards, CancellationToken cancellationToken) =>
        await engine.WriteAsync(
            session =>
            {
                foreach (var shard in shards)
                {
                    session.Execute("UPDATE shard SET owner = NULL, incarnation = NULL WHERE incarnation = $1 AND shard_id = $2", node.Incarnation.ToColumn(), shard);
                }

                return true;
            },
            cancellationToken).ConfigureAwait(false);

    public async ValueTask ReleaseAsync(NodeId node, CancellationToken cancellationToken) =>
        await engine.WriteAsync(
            session => session.Execute("UPDATE shard SET owner = NULL, incarnation = NULL WHERE incarnation = $1", node.Incarnation.ToColumn()), cancellationToken)
            .ConfigureAwait(false);

    // There is nobody else who could.
    public Task WaitForReleasesAsync(TimeSpan atMost, CancellationToken cancellationToken) => Task.Delay(atMost, time, cancellationToken);

    private ImmutableSortedDictionary<int, long> Take(SqliteSession session, NodeId node)
    {
        session.Execute(
            """
            INSERT INTO node (name, incarnation, began_at) VALUES ($1, $2, $3)
            ON CONFLICT (name) DO UPDATE SET incarnation = excluded.incarnation, began_at = excluded.began_at WHERE excluded.incarnation <> incarnation
            """,
            node.Name, node.Incarnation.ToColumn(), time.GetUtcNow().ToColumn());
        session.Execute(
            "UPDATE shard SET owner = $1, incarnation = $2, epoch = epoch + 1 WHERE incarnation IS NOT $2", node.Name, node.Incarnation.ToColumn());
        return Owned(session, node);
    }

    private static ImmutableSortedDictionary<int, long> Owned(SqliteSession session, NodeId node)
    {
        var owned = ImmutableSortedDictionary.CreateBuilder<int, long>();
        using var rows = session.Query("SELECT shard_id, epoch FROM shard WHERE incarnation = $1", node.Incarnation.ToColumn());
        while (rows.Read()) owned.Add(rows.GetInt32(0), rows.GetInt64(1));
        return owned.ToImmutable();
    }
}
