using Npgsql;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="IAccountStore"/>
internal sealed class PostgresAccountStore(PostgresDatabase database) : IAccountStore
{
    /// <summary>The columns of <see cref="ReadOwnWrites"/>, of a table or row called <c>a</c>.</summary>
    public const string OwnWritesColumns =
        "a.intent_until, a.written_generation, a.written_version, a.written_second, a.written_invocation, "
        + "a.origin_source, a.origin_guid, a.origin_generation, a.origin_version, a.origin_second, a.origin_invocation";

    private const string OwnWritesOfAccount = $"SELECT {OwnWritesColumns} FROM account AS a WHERE source = $1 AND object_guid = $2";

    private readonly AcceptWork accepting = new(database.Options);

    public ValueTask<IdentityId?> FindIdentityAsync(AccountId account, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            var found = await connection.Command("SELECT identity_id FROM account WHERE source = $1 AND object_guid = $2", Of(account.Source.Value), Of(account.ObjectGuid))
                .ScalarAsync<Guid>(token).ConfigureAwait(false);
            return found == Guid.Empty ? default(IdentityId?) : new IdentityId(found);
        },
        cancellationToken);

    public async ValueTask OpenIntentAsync(AccountId account, Guid attemptId, DateTimeOffset until, CancellationToken cancellationToken) => await WriteAsync(
        account,
        batch => batch.Add(
            "UPDATE account SET intent_attempt_id = $3, intent_until = $4 WHERE source = $1 AND object_guid = $2",
            Of(account.Source.Value), Of(account.ObjectGuid), Of(attemptId), Of(until.ToColumn())),
        cancellationToken).ConfigureAwait(false);

    public async ValueTask CloseIntentAsync(AccountId account, Guid attemptId, Stamp? written, ChangeOrigin? origin, CancellationToken cancellationToken)
    {
        if (written is { } stamp) await RaiseWrittenStampAsync(account, stamp, origin, cancellationToken).ConfigureAwait(false);
        await WriteAsync(
            account,
            batch => batch.Add(
                "UPDATE account SET intent_attempt_id = NULL, intent_until = NULL WHERE source = $1 AND object_guid = $2 AND intent_attempt_id = $3",
                Of(account.Source.Value), Of(account.ObjectGuid), Of(attemptId)),
            cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<OwnWrites> ReadOwnWritesAsync(AccountId account, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            var known = await connection.Command(OwnWritesOfAccount, Of(account.Source.Value), Of(account.ObjectGuid)).RowsAsync(row => ReadOwnWrites(row, firstColumn: 0), token).ConfigureAwait(false);
            return known.SingleOrDefault() ?? OwnWrites.None;
        },
        cancellationToken);

    /// <summary>What this product wrote to an account, from the columns of a row that <see cref="OwnWritesColumns"/> names.</summary>
    public static OwnWrites ReadOwnWrites(NpgsqlDataReader row, int firstColumn)
    {
        Stamp? written = row.IsDBNull(firstColumn + 1) ? null : ReadStamp(row, firstColumn + 1);
        return new OwnWrites(row.Optional<long>(firstColumn) is { } until ? StoredTime.FromColumn(until) : null, written)
        {
            Origin = row.IsDBNull(firstColumn + 5)
                ? null
                : new ChangeOrigin(new AccountId(new SourceId(row.GetString(firstColumn + 5)), row.GetGuid(firstColumn + 6)), ReadStamp(row, firstColumn + 7)),
        };
    }

    private static Stamp ReadStamp(NpgsqlDataReader row, int first) => new(row.GetInt32(first), (uint)row.GetInt64(first + 1), row.GetInt64(first + 2), row.GetGuid(first + 3));

    private async ValueTask WriteAsync(AccountId account, Action<NpgsqlBatch> add, CancellationToken cancellationToken) => await database.RunAsync(
        async (connection, token) =>
        {
            var batch = new NpgsqlBatch(connection);
            await using var disposing = batch.ConfigureAwait(false);
            batch.Add(AcceptWork.MakeAccounts, accepting.AccountColumns([account]));
            add(batch);
            return await batch.ExecuteNonQueryAsync(token).ConfigureAwait(false);
        },
        cancellationToken).ConfigureAwait(false);

    // The order of stamps is Core's alone, so they are compared here, and the row is held meanwhile.
    private async ValueTask RaiseWrittenStampAsync(AccountId account, Stamp written, ChangeOrigin? origin, CancellationToken cancellationToken) => await database.RunAsync(
        async (connection, token) =>
        {
            var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            await using var disposing = transaction.ConfigureAwait(false);
            await connection.Command(AcceptWork.MakeAccounts, accepting.AccountColumns([account])).ExecuteAsync(token).ConfigureAwait(false);
            var known = await connection.Command(
                OwnWritesOfAccount + " FOR UPDATE", Of(account.Source.Value), Of(account.ObjectGuid)).RowsAsync(row => ReadOwnWrites(row, firstColumn: 0), token).ConfigureAwait(false);
            if (known.Single().LastWrittenStamp is { } last && last >= written) return 0;
            var changed = await connection.Command(
                """
                UPDATE account SET written_generation = $3, written_version = $4, written_second = $5, written_invocation = $6,
                  origin_source = NULL, origin_guid = NULL, origin_generation = NULL, origin_version = NULL, origin_second = NULL, origin_invocation = NULL
                WHERE source = $1 AND object_guid = $2
                """,
                Of(account.Source.Value), Of(account.ObjectGuid), Of(written.Generation), Of((long)written.Version), Of(written.OriginatingSecond), Of(written.InvocationId))
                .ExecuteAsync(token).ConfigureAwait(false);
            if (origin is { Stamp: var stamp }) await KeepOriginAsync(connection, account, origin.Account, stamp, token).ConfigureAwait(false);
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return changed;
        },
        cancellationToken).ConfigureAwait(false);

    private static Task<int> KeepOriginAsync(NpgsqlConnection connection, AccountId account, AccountId origin, Stamp stamp, CancellationToken cancellationToken) => connection.Command(
        """
        UPDATE account SET origin_source = $3, origin_guid = $4, origin_generation = $5, origin_version = $6, origin_second = $7, origin_invocation = $8
        WHERE source = $1 AND object_guid = $2
        """,
        Of(account.Source.Value), Of(account.ObjectGuid), Of(origin.Source.Value), Of(origin.ObjectGuid),
        Of(stamp.Generation), Of((long)stamp.Version), Of(stamp.OriginatingSecond), Of(stamp.InvocationId)).ExecuteAsync(cancellationToken);
}
