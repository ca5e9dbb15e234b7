using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="IRateBudget"/>
internal sealed class PostgresRateBudget(PostgresDatabase database) : IRateBudget
{
    public ValueTask<RateGrant> TakeAsync(string bucket, RateRule rule, int wanted, CancellationToken cancellationToken) => database.RunAsync(
        async (connection, token) =>
        {
            var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            await using var disposing = transaction.ConfigureAwait(false);
            await connection.Command("INSERT INTO rate_bucket (name, held, at) VALUES ($1, $2, clock_timestamp()) ON CONFLICT DO NOTHING", Of(bucket), Of((double)rule.Permits))
                .ExecuteAsync(token).ConfigureAwait(false);

            // The row is held until the commit, and its time is read after the lock was had.
            var held = (await connection.Command("SELECT held, at FROM rate_bucket WHERE name = $1 FOR UPDATE", Of(bucket))
                .RowsAsync(row => (Amount: row.GetDouble(0), At: row.GetDateTime(1)), token).ConfigureAwait(false)).Single();
            var now = await connection.Command("SELECT clock_timestamp()").ScalarAsync<DateTime>(token).ConfigureAwait(false);
            var filled = rule.Fill(held.Amount, now - held.At);
            var grant = rule.Grant(filled, wanted);
            await connection.Command("UPDATE rate_bucket SET held = $2, at = $3 WHERE name = $1", Of(bucket), Of(filled - grant.Permits), Of(now)).ExecuteAsync(token).ConfigureAwait(false);
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return grant;
        },
        cancellationToken);
}
