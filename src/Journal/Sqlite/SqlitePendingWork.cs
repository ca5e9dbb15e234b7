using System.Collections.Immutable;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <inheritdoc cref="IPendingWork"/>
internal sealed class SqlitePendingWork(SqliteEngine engine) : IPendingWork
{
    public ValueTask<ImmutableArray<PendingIdentity>> ReadDueAsync(
        IReadOnlyCollection<int> shards, DateTimeOffset dueBy, int limit, CancellationToken cancellationToken)
    {
        var wanted = shards.ToHashSet();
        return engine.ReadAsync(session => Read(session, wanted, dueBy, limit), cancellationToken);
    }

    private static ImmutableArray<PendingIdentity> Read(SqliteSession session, HashSet<int> shards, DateTimeOffset dueBy, int limit)
    {
        var due = ImmutableArray.CreateBuilder<PendingIdentity>();
        using var rows = session.Query("SELECT identity_id, shard_id, due_at FROM pending WHERE due_at <= $1 ORDER BY due_at", dueBy.ToColumnLimit());
        while (due.Count < limit && rows.Read())
        {
            if (shards.Contains(rows.GetInt32(1))) due.Add(new PendingIdentity(new IdentityId(rows.ReadGuid(0)), rows.GetInt32(1), rows.ReadTime(2)));
        }

        return due.DrainToImmutable();
    }
}
