using System.Collections.Immutable;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres.Operations;

/// <inheritdoc cref="IOperatorRegister"/>
internal sealed class PostgresOperatorRegister(PostgresDatabase database) : IOperatorRegister
{
    public async ValueTask<ImmutableArray<OperatorRow>> ListAsync(CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command("SELECT name, role, token_hash, added_at FROM operator ORDER BY name").RowsAsync(
            row => new OperatorRow(row.GetString(0), row.GetString(1), row.GetString(2), StoredTime.FromColumn(row.GetInt64(3))), token),
        cancellationToken).ConfigureAwait(false)];

    public ValueTask<bool> AddAsync(OperatorRow row, CancellationToken cancellationToken) => AddAsync(row, "", cancellationToken);

    public ValueTask<bool> AddFirstAsync(OperatorRow row, CancellationToken cancellationToken) => AddAsync(row, "WHERE NOT EXISTS (SELECT FROM operator)", cancellationToken);

    public async ValueTask<bool> RemoveAsync(string name, CancellationToken cancellationToken) => await database.RunAsync(
        (connection, token) => connection.Command("DELETE FROM operator WHERE name = $1", Of(name)).ExecuteAsync(token), cancellationToken).ConfigureAwait(false) == 1;

    private async ValueTask<bool> AddAsync(OperatorRow row, string condition, CancellationToken cancellationToken) => await database.RunAsync(
        async (connection, token) =>
        {
            var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            await using var disposing = transaction.ConfigureAwait(false);

            // One at a time: of two that would be the first, one is.
            await connection.Command("LOCK TABLE operator IN EXCLUSIVE MODE").ExecuteAsync(token).ConfigureAwait(false);
            var added = await connection.Command(
                $"INSERT INTO operator (name, role, token_hash, added_at) SELECT $1, $2, $3, $4 {condition} ON CONFLICT DO NOTHING",
                Of(row.Name), Of(row.Role), Of(row.TokenHash), Of(row.AddedAt.ToColumn())).ExecuteAsync(token).ConfigureAwait(false);
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return added;
        },
        cancellationToken).ConfigureAwait(false) == 1;
}
