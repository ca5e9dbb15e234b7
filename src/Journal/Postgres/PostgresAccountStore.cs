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

    public async ValueTask CloseIntentAsync(AccountId account, Guid attemptId, Stamp? written, CancellationToken cancellationToken)
    {
        if (written is { } stamp) await RaiseWrittenStampAsync(account, stamp, cancellationToken).ConfigureAwait(false);
        await WriteAsync(
            account,
            batch => batch.Add(
                "UPDATE account SET intent_attempt_id = NULL, intent_until = NULL WHERE source = $1 AND object_guid = $2 AND intent_attempt_id = $3",
                Of(account.Source.Value), Of(account.ObjectGuid), Of(attemptId)),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What this product wrote to an account, from five columns of a row.</summary>
    public static OwnWrites ReadOwnWrites(NpgsqlDataReader row, int firstColumn)
    {
        Stamp? written = row.IsDBNull(firstColumn + 1)
            ? null
            : new Stamp(row.GetInt32(firstColumn + 1), (uint)row.GetInt64(firstColumn + 2), row.GetInt64(firstColumn + 3), row.GetGuid(firstColumn + 4));
        return new OwnWrites(row.Optional<long>(firstColumn) is { } until ? StoredTime.FromColumn(until) : null, written);
    }

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
    private async ValueTask RaiseWrittenStampAsync(AccountId account, Stamp written, CancellationToken cancellationToken) => await database.RunAsync(
        async (connection, token) =>
        {
            var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            await using var disposing = transaction.ConfigureAwait(false);
            await connection.Command(AcceptWork.MakeAccounts, accepting.AccountColumns([account])).ExecuteAsync(token).ConfigureAwait(false);
            var known = await connection.Command(
                """
                SELECT intent_until, written_generation, written_version, written_second, written_invocation FROM account
                WHERE source = $1 AND object_guid = $2 FOR UPDATE
                """,
                Of(account.Source.Value), Of(account.ObjectGuid)).RowsAsync(row => ReadOwnWrites(row, firstColumn: 0), token).ConfigureAwait(false);
            if (known.Single().LastWrittenStamp is { } last && last >= written) return 0;
            var changed = await connection.Command(
                """
                UPDATE account SET written_generation = $3, written_version = $4, written_second = $5, written_invocation = $6
                WHERE source = $1 AND object_guid = $2
                """,
                Of(account.Source.Value), Of(account.ObjectGuid), Of(written.Generation), Of((long)written.Version), Of(written.OriginatingSecond), Of(written.InvocationId))
                .ExecuteAsync(token).ConfigureAwait(false);
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return changed;
        },
        cancellationToken).ConfigureAwait(false);
}
