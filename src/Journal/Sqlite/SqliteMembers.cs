using System.Collections.Immutable;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;

namespace PasswordSync.Journal.Sqlite;

/// <summary>The one node that uses the file.</summary>
internal sealed class SqliteMembers(SqliteEngine engine) : IClusterMembers
{
    private volatile NodeDescription description = NodeDescription.None;

    public void Describe(NodeDescription description) => this.description = description;

    public ValueTask<ImmutableArray<ClusterMember>> ListAsync(CancellationToken cancellationToken) => engine.ReadAsync(List, cancellationToken);

    /// <summary>There is no other node: whoever holds the file's lock is this one.</summary>
    public ValueTask<int> DownAsync(NodeId node, CancellationToken cancellationToken) => ValueTask.FromResult(0);

    private ImmutableArray<ClusterMember> List(SqliteSession session)
    {
        var members = ImmutableArray.CreateBuilder<ClusterMember>();
        using var rows = session.Query(
            """
            SELECT name, incarnation, began_at, (SELECT count(*) FROM shard WHERE shard.incarnation = node.incarnation)
            FROM node WHERE incarnation IN (SELECT incarnation FROM shard) ORDER BY name
            """);
        while (rows.Read())
        {
            members.Add(new ClusterMember(new NodeId(rows.GetString(0), rows.ReadGuid(1)), description, rows.ReadTime(2), TimeSpan.Zero, IsAlive: true, rows.GetInt32(3)));
        }

        return members.DrainToImmutable();
    }
}
