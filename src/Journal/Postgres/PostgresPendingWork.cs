using System.Collections.Immutable;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="IPendingWork"/>
internal sealed class PostgresPendingWork(PostgresDatabase database) : IPendingWork
{
    public async ValueTask<ImmutableArray<PendingIdentity>> ReadDueAsync(
        IReadOnlyCollection<int> shards, DateTimeOffset dueBy, int limit, CancellationToken cancellationToken)
    {
        if (shards.Count == 0 || limit == 0) return [];
        int[] wanted = [.. shards];
        return [.. await database.ReadAsync(
            (connection, token) => connection.Command(
                "SELECT identity_id, shard_id, due_at FROM pending WHERE due_at <= $1 AND shard_id = ANY ($2) ORDER BY due_at LIMIT $3",
                Of(dueBy.ToColumnLimit()), Of(wanted), Of(limit))
                .RowsAsync(row => new PendingIdentity(new IdentityId(row.GetGuid(0)), row.GetInt32(1), StoredTime.FromColumn(row.GetInt64(2))), token),
            cancellationToken).ConfigureAwait(false)];
    }
}
