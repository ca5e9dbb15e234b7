using Microsoft.Data.Sqlite;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;
using PasswordSync.Journal.Sqlite.Engine;

namespace PasswordSync.Journal.Sqlite;

/// <inheritdoc cref="IAccountStore"/>
internal sealed class SqliteAccountStore(SqliteEngine engine) : IAccountStore
{
    /// <summary>The columns of the open intent's end and of the last written stamp, of the table named "a".</summary>
    public const string OwnWritesColumns = "a.intent_until, a.written_generation, a.written_version, a.written_second, a.written_invocation";

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

    public async ValueTask CloseIntentAsync(AccountId account, Guid attemptId, Stamp? written, CancellationToken cancellationToken) =>
        await engine.WriteAsync(
            session =>
            {
                if (written is { } stamp) RaiseWrittenStamp(session, account, stamp);
                return session.Execute(
                    "UPDATE account SET intent_attempt_id = NULL, intent_until = NULL WHERE source = $1 AND object_guid = $2 AND intent_attempt_id = $3",
                    account.Source.Value, account.ObjectGuid.ToColumn(), attemptId.ToColumn());
            },
            cancellationToken).ConfigureAwait(false);

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

    /// <summary>The last written stamp in a row that holds its four columns; null if there was none.</summary>
    public static Stamp? ReadWrittenStamp(SqliteDataReader row, int firstColumn) => row.IsDBNull(firstColumn)
        ? null
        : new Stamp(row.GetInt32(firstColumn), (uint)row.GetInt64(firstColumn + 1), row.GetInt64(firstColumn + 2), row.ReadGuid(firstColumn + 3));

    private static IdentityId? FindIdentity(SqliteSession session, AccountId account) =>
        session.Bytes("SELECT identity_id FROM account WHERE source = $1 AND object_guid = $2", account.Source.Value, account.ObjectGuid.ToColumn()) is { } value
            ? new IdentityId(new Guid(value, bigEndian: true))
            : null;

    private void RaiseWrittenStamp(SqliteSession session, AccountId account, Stamp written)
    {
        FindOrMakeIdentity(session, account, engine.Options);
        if (LastWritten(session, account) is { } last && last >= written) return;
        session.Execute(
            "UPDATE account SET written_generation = $3, written_version = $4, written_second = $5, written_invocation = $6 WHERE source = $1 AND object_guid = $2",
            account.Source.Value, account.ObjectGuid.ToColumn(), written.Generation, (long)written.Version, written.OriginatingSecond, written.InvocationId.ToColumn());
    }

    private static Stamp? LastWritten(SqliteSession session, AccountId account)
    {
        using var row = session.Query(
            $"SELECT {OwnWritesColumns} FROM account AS a WHERE a.source = $1 AND a.object_guid = $2", account.Source.Value, account.ObjectGuid.ToColumn());
        return row.Read() ? ReadWrittenStamp(row, firstColumn: 1) : null;
    }
}
