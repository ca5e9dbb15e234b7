using Npgsql;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <summary>Loads many identities with one statement: a node that takes shards over, or many captures at once, costs few round trips.</summary>
internal sealed class LoadWork : GroupWork<IdentityId, IdentityState>
{
    // One statement, so that snapshot and events of an identity are of one moment. Walked by place, each by look-ups in the two indexes.
    private const string Load = """
        SELECT wanted.place, found.seq, found.kind, found.body FROM unnest($1) WITH ORDINALITY AS wanted (identity_id, place) CROSS JOIN LATERAL (
          SELECT 0::bigint AS seq, kind, body FROM snapshot WHERE snapshot.identity_id = wanted.identity_id
          UNION ALL
          SELECT seq, kind, body FROM event WHERE event.identity_id = wanted.identity_id
          AND seq > coalesce((SELECT seq FROM snapshot WHERE snapshot.identity_id = wanted.identity_id), 0)
        ) AS found ORDER BY wanted.place, found.seq
        """;

    public override int OperationsOf(IdentityId item) => 1;

    public override object? KeyOf(IdentityId item) => null;

    public override async Task<IReadOnlyList<IdentityState>> WriteAsync(NpgsqlConnection connection, IReadOnlyList<IdentityId> items)
    {
        var rows = await connection.Command(Load, Of(items.Select(identity => identity.Value).ToArray()))
            .RowsAsync(row => (Place: row.GetInt64(0), Sequence: row.GetInt64(1), Record: new StoredRecord(row.GetString(2), row.GetString(3))), CancellationToken.None).ConfigureAwait(false);
        var found = rows.ToLookup(row => (int)row.Place - 1, row => (row.Sequence, row.Record));
        return [.. items.Select((identity, place) => Replay.Fold(identity, found[place]))];
    }
}
