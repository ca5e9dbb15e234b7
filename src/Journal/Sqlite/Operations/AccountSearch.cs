using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite.Operations;

/// <summary>Finds accounts by what people call them.</summary>
internal static class AccountSearch
{
    public static ImmutableArray<KnownAccount> Find(SqliteSession session, string text, int limit)
    {
        var identities = new HashSet<IdentityId>();
        foreach (var name in text.StoredForms()) Add(session, "SELECT identity_id FROM known_name WHERE name = $1 LIMIT $2", name, limit, identities);
        if (Guid.TryParse(text, out var id))
        {
            Add(session, "SELECT identity_id FROM account WHERE object_guid = $1 LIMIT $2", id.ToColumn(), limit, identities);
            Add(session, "SELECT identity_id FROM account WHERE identity_id = $1 LIMIT $2", id.ToColumn(), limit, identities);
            Add(session, "SELECT identity_id FROM event WHERE kind = 'capture-accepted.1' AND json_extract(body, '$.change.captureId') = $1 LIMIT $2", id.ToString("D"), limit, identities);
        }

        return [.. identities.SelectMany(identity => AccountsOf(session, identity).Select(account => Known(session, identity, account))).Take(limit)];
    }

    public static ImmutableArray<KnownAccount> ListOf(SqliteSession session, SourceId source, Guid after, int limit)
    {
        var accounts = new List<(IdentityId Identity, AccountId Account)>();
        using (var rows = session.Query(
            "SELECT identity_id, object_guid FROM account WHERE source = $1 AND object_guid > $2 ORDER BY object_guid LIMIT $3", source.Value, after.ToColumn(), limit))
        {
            while (rows.Read()) accounts.Add((new IdentityId(rows.ReadGuid(0)), new AccountId(source, rows.ReadGuid(1))));
        }

        return [.. accounts.Select(entry => Known(session, entry.Identity, entry.Account))];
    }

    public static ImmutableArray<AccountId> AccountsOf(SqliteSession session, IdentityId identity)
    {
        var accounts = ImmutableArray.CreateBuilder<AccountId>();
        using var rows = session.Query("SELECT source, object_guid FROM account WHERE identity_id = $1 ORDER BY source, object_guid", identity.Value.ToColumn());
        while (rows.Read()) accounts.Add(new AccountId(new SourceId(rows.GetString(0)), rows.ReadGuid(1)));
        return accounts.ToImmutable();
    }

    private static KnownAccount Known(SqliteSession session, IdentityId identity, AccountId account)
    {
        try
        {
            return new KnownAccount(identity, account, NamesOf(session, identity, account));
        }
        catch (UnreadableRecordException)
        {
            return new KnownAccount(identity, account, Names: null) { IsUnreadable = true };
        }
    }

    private static AccountNames? NamesOf(SqliteSession session, IdentityId identity, AccountId account)
    {
        using (var rows = session.Query(
            """
            SELECT kind, body FROM event
            WHERE identity_id = $1 AND kind = 'capture-accepted.1' AND json_extract(body, '$.change.account.objectGuid') = $2 ORDER BY seq DESC LIMIT 1
            """,
            identity.Value.ToColumn(), account.ObjectGuid.ToString("D")))
        {
            if (rows.Read() && EventCodec.Decode(new StoredRecord(rows.GetString(0), rows.GetString(1))) is IdentityEvent.CaptureAccepted accepted) return accepted.Change.Names;
        }

        using var snapshot = session.Query("SELECT kind, body FROM snapshot WHERE identity_id = $1", identity.Value.ToColumn());
        return snapshot.Read() && StateCodec.Decode(new StoredRecord(snapshot.GetString(0), snapshot.GetString(1))).Newest is { } newest && newest.Account == account ? newest.Names : null;
    }

    private static void Add(SqliteSession session, string question, object value, int limit, HashSet<IdentityId> identities)
    {
        using var rows = session.Query(question, value, limit);
        while (rows.Read() && identities.Count < limit) identities.Add(new IdentityId(rows.ReadGuid(0)));
    }
}
