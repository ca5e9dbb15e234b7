using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="IConfigurationVersions"/>
internal sealed class PostgresConfigurationVersions(PostgresDatabase database) : IConfigurationVersions
{
    public ValueTask<long> PublishAsync(string body, DateTimeOffset at, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        return database.RunAsync(
            async (connection, token) =>
            {
                var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
                await using var disposing = transaction.ConfigureAwait(false);

                // One node at a time, so that two that start with the same text make one version of it.
                await connection.Command("LOCK TABLE config IN EXCLUSIVE MODE").ExecuteAsync(token).ConfigureAwait(false);
                var version = await connection.Command(
                    """
                    WITH last AS (SELECT version, body FROM config ORDER BY version DESC LIMIT 1),
                    made AS (INSERT INTO config (body, at) SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM last WHERE last.body = $1) RETURNING version)
                    SELECT version FROM made UNION ALL SELECT version FROM last WHERE last.body = $1
                    """,
                    Of(body), Of(at.ToColumn())).ScalarAsync<long>(token).ConfigureAwait(false);
                await transaction.CommitAsync(token).ConfigureAwait(false);
                return version;
            },
            cancellationToken);
    }

    public async ValueTask<string?> FindAsync(DateTimeOffset at, CancellationToken cancellationToken) => (await database.ReadAsync(
        (connection, token) => connection.Command("SELECT body FROM config WHERE at <= $1 ORDER BY version DESC LIMIT 1", Of(at.ToColumn())).RowsAsync(row => row.GetString(0), token),
        cancellationToken).ConfigureAwait(false)).FirstOrDefault();
}
