using Microsoft.Data.Sqlite;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <inheritdoc cref="IAccountStore"/>
internal sealed class SqliteAccountStore(SqliteEngine engine) : IAccountStore
{
    public ValueTask<IdentityId?> FindIdentityAsync(AccountId account, CancellationToken cancellationToken) =>
        engine.ReadAsync(session => FindIdentity(session, account), cancellationToken);

    public async ValueTask OpenIntentAsync(AccountId account, Guid attemptId, DateTimeOffset until, CancellationToken cancellationToken) =>
        await engine.WriteAsync(
            session =>
            {
                FindOrMakeIdentity(session, account, engine.Options);
                return session.Execute(
                    "UPDATE account SET intent_attempt_id = $3, intent_until = $4 WHERE source = $1 AND object_guid = $2",
                    account.Source.Value, account.ObjectGuid.ToColumn(), attemptId.ToColumn(), until.ToColumn());
            },
            cancellationToken).ConfigureAwait(false);

    public async ValueTask CloseIntentAsync(AccountId account, Guid attemptId, Stamp? written, ChangeOrigin? origin, CancellationToken cancellationToken) =>
        await engine.WriteAsync(
            session =>
            {
                if (written is { } stamp) RaiseWrittenStamp(session, account, stamp, origin);
                return session.Execute(
                    "UPDATE account SET intent_attempt_id = NULL, intent_until = NULL WHERE source = $1 AND object_guid = $2 AND intent_attempt_id = $3",
                    account.Source.Value, account.ObjectGuid.ToColumn(), attemptId.ToColumn());
            },
            cancellationToken).ConfigureAwait(false);

    public ValueTask<OwnWrites> ReadOwnWritesAsync(AccountId account, CancellationToken cancellationToken) =>
        engine.ReadAsync(session => ReadOwnWrites(session, account), cancellationToken);

    /// <summary>The identity of an account, inside a transaction; a new one for an account that nobody has seen.</summary>
    public static IdentityId FindOrMakeIdentity(SqliteSession session, AccountId account, SqliteStoreOptions options)
    {
        if (FindIdentity(session, account) is { } known) return known;
        var made = new IdentityId(options.NewIdentityValue());
        session.Execute(
            "INSERT INTO account (source, object_guid, identity_id) VALUES ($1, $2, $3)",
            account.Source.Value, account.ObjectGuid.ToColumn(), made.Value.ToColumn());
        return made;
    }

    /// <summary>What this product wrote to an account.</summary>
    public static OwnWrites ReadOwnWrites(SqliteSession session, AccountId account)
    {
        using var row = session.Query(
            """
            SELECT intent_until, written_generation, written_version, written_second, written_invocation,
                   origin_source, origin_guid, origin_generation, origin_version, origin_second, origin_invocation
            FROM account WHERE source = $1 AND object_guid = $2
            """,
            account.Source.Value, account.ObjectGuid.ToColumn());
        if (!row.Read()) return OwnWrites.None;
        Stamp? written = row.IsDBNull(1) ? null : ReadStamp(row, 1);
        return new OwnWrites(row.IsDBNull(0) ? null : row.ReadTime(0), written)
        {
            Origin = row.IsDBNull(5) ? null : new ChangeOrigin(new AccountId(new SourceId(row.GetString(5)), row.ReadGuid(6)), ReadStamp(row, 7)),
        };
    }

    private static Stamp ReadStamp(SqliteDataReader row, int first) =>
        new(row.GetInt32(first), (uint)row.GetInt64(first + 1), row.GetInt64(first + 2), row.ReadGuid(first + 3));

    private static IdentityId? FindIdentity(SqliteSession session, AccountId account) =>
        session.Bytes("SELECT identity_id FROM account WHERE source = $1 AND object_guid = $2", account.Source.Value, account.ObjectGuid.ToColumn()) is { } value
            ? new IdentityId(new Guid(value, bigEndian: true))
            : null;

    private void RaiseWrittenStamp(SqliteSession session, AccountId account, Stamp written, ChangeOrigin? origin)
    {
        FindOrMakeIdentity(session, account, engine.Options);
        if (ReadOwnWrites(session, account).LastWrittenStamp is { } last && last >= written) return;
        session.Execute(
            """
            UPDATE account
            SET written_generation = $3, written_version = $4, written_second = $5, written_invocation = $6,
                origin_source = $7, origin_guid = $8, origin_generation = $9, origin_version = $10, origin_second = $11, origin_invocation = $12
            WHERE source = $1 AND object_guid = $2
            """,
            account.Source.Value, account.ObjectGuid.ToColumn(), written.Generation, (long)written.Version, written.OriginatingSecond, written.InvocationId.ToColumn(),
            origin?.Account.Source.Value, origin?.Account.ObjectGuid.ToColumn(), origin?.Stamp.Generation, (long?)origin?.Stamp.Version, origin?.Stamp.OriginatingSecond, origin?.Stamp.InvocationId.ToColumn());
    }
}
