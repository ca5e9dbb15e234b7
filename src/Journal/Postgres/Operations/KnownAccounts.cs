using Npgsql;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres.Operations;

/// <summary>Finds accounts by what people call them, with the newest names of each.</summary>
internal static class KnownAccounts
{
    // The newest accepted change of each account, or where retention has removed it, the identity's snapshot.
    private const string WithNames = """
        SELECT a.identity_id, a.source, a.object_guid, e.kind, e.body, s.kind, s.body FROM a
        LEFT JOIN LATERAL (
          SELECT kind, body FROM event WHERE event.identity_id = a.identity_id AND kind = 'capture-accepted.1' AND strpos(body, a.object_guid::text) > 0 ORDER BY seq DESC LIMIT 1
        ) AS e ON true
        LEFT JOIN LATERAL (SELECT kind, body FROM snapshot WHERE snapshot.identity_id = a.identity_id AND e.kind IS NULL LIMIT 1) AS s ON true
        """;

    public static Task<List<KnownAccount>> FindAsync(NpgsqlConnection connection, string text, int limit, CancellationToken cancellationToken)
    {
        var id = Guid.TryParse(text, out var parsed) ? parsed : Guid.Empty;
        return connection.Command(
            $"""
            WITH named AS (
              SELECT identity_id FROM known_name WHERE name = ANY ($1)
              UNION SELECT identity_id FROM account WHERE identity_id = $2
              UNION SELECT identity_id FROM accepted WHERE capture_id = $2 AND identity_id IS NOT NULL
              UNION SELECT identity_id FROM account WHERE object_guid = $2
              LIMIT $3
            ), a AS (
              SELECT account.identity_id, account.source, account.object_guid FROM named JOIN account USING (identity_id) ORDER BY account.source, account.object_guid LIMIT $3
            )
            {WithNames}
            """,
            Of(text.StoredForms()), Of(id), Of(limit)).RowsAsync(Read, cancellationToken);
    }

    public static Task<List<KnownAccount>> ListAsync(NpgsqlConnection connection, SourceId source, Guid after, int limit, CancellationToken cancellationToken) => connection.Command(
        $"""
        WITH a AS (SELECT identity_id, source, object_guid FROM account WHERE source = $1 AND object_guid > $2 ORDER BY object_guid LIMIT $3)
        {WithNames} ORDER BY a.object_guid
        """,
        Of(source.Value), Of(after), Of(limit)).RowsAsync(Read, cancellationToken);

    private static KnownAccount Read(NpgsqlDataReader row)
    {
        var (identity, account) = (new IdentityId(row.GetGuid(0)), new AccountId(new SourceId(row.GetString(1)), row.GetGuid(2)));
        try
        {
            if (row.Text(3) is { } kind && EventCodec.Decode(new StoredRecord(kind, row.GetString(4))) is IdentityEvent.CaptureAccepted { Change: var change } && change.Account == account)
            {
                return new KnownAccount(identity, account, change.Names);
            }

            var newest = row.Text(5) is { } snapshot ? StateCodec.Decode(new StoredRecord(snapshot, row.GetString(6))).Newest : null;
            return new KnownAccount(identity, account, newest?.Account == account ? newest.Names : null);
        }
        catch (UnreadableRecordException)
        {
            return new KnownAccount(identity, account, Names: null) { IsUnreadable = true };
        }
    }
}
