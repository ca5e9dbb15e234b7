using System.Diagnostics;
using PasswordSync.Journal.Postgres.Engine;

namespace PasswordSync.Journal.Postgres.Operations;

/// <summary>Asks the server about itself.</summary>
internal static class PostgresExamination
{
    public static async ValueTask<StoreExamination> ReadAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var (version, clock) = await database.ReadAsync(
            async (connection, token) => (await connection.Command("SELECT current_setting('server_version'), extract(epoch FROM clock_timestamp())::double precision")
                .RowsAsync(row => (row.GetString(0), row.GetDouble(1)), token).ConfigureAwait(false)).Single(),
            cancellationToken).ConfigureAwait(false);
        return new StoreExamination("PostgreSQL", version, DateTimeOffset.UnixEpoch.AddSeconds(clock), Stopwatch.GetElapsedTime(begun));
    }
}
