using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="IRateBudget"/>
internal sealed class PostgresRateBudget(PostgresDatabase database) : IRateBudget
{
    // As RateRule.Fill and RateRule.Grant have it, where the row is: in one statement, and so one round trip. The row is locked first, and the time is read after the lock was had.
    private const string Take = """
        UPDATE rate_bucket AS bucket SET held = taken.filled - least($4, greatest(floor(taken.filled) - $6, least($5, floor(taken.filled)))), at = taken.now
        FROM (
          SELECT least($2, read.held + greatest(0, extract(epoch FROM read.now - read.at)::double precision / $3) * $2) AS filled, read.now
          FROM (SELECT held, at, clock_timestamp() AS now FROM (SELECT held, at FROM rate_bucket WHERE name = $1 FOR UPDATE) AS locked OFFSET 0) AS read
        ) AS taken
        WHERE bucket.name = $1
        RETURNING taken.filled
        """;

    // The first that ever asks. Of several at once one makes it.
    private const string Make = "INSERT INTO rate_bucket (name, held, at) VALUES ($1, $2, clock_timestamp()) ON CONFLICT DO NOTHING";

    public ValueTask<RateGrant> TakeAsync(string bucket, RateRule rule, int wanted, int urgent, CancellationToken cancellationToken) => database.RunAsync(
        async (connection, token) =>
        {
            while (true)
            {
                var filled = await connection.Command(Take, Of(bucket), Of((double)rule.Permits), Of(rule.Per.TotalSeconds), Of((double)wanted), Of((double)urgent), Of((double)rule.Reserve))
                    .RowsAsync(row => row.GetDouble(0), token).ConfigureAwait(false);
                if (filled is [var held]) return rule.Grant(held, wanted, urgent);
                await connection.Command(Make, Of(bucket), Of((double)rule.Permits)).ExecuteAsync(token).ConfigureAwait(false);
            }
        },
        cancellationToken);
}
