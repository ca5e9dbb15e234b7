using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres.Operations;

/// <inheritdoc cref="IPointSwitches"/>
internal sealed class PostgresPointSwitches(PostgresDatabase database) : IPointSwitches
{
    public async ValueTask<ImmutableArray<PausedPoint>> ListAsync(CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command("SELECT point, by, reason, since FROM paused_point ORDER BY point").RowsAsync(
            row => new PausedPoint(new SyncPointId(row.GetString(0)), row.GetString(1), row.Text(2), StoredTime.FromColumn(row.GetInt64(3))), token),
        cancellationToken).ConfigureAwait(false)];

    public async ValueTask PauseAsync(PausedPoint paused, CancellationToken cancellationToken) => await database.RunAsync(
        (connection, token) => connection.Command(
            """
            INSERT INTO paused_point (point, by, reason, since) VALUES ($1, $2, $3, $4)
            ON CONFLICT (point) DO UPDATE SET by = excluded.by, reason = excluded.reason, since = excluded.since
            """,
            Of(paused.Point.Value), Of(paused.By), OfText(paused.Reason), Of(paused.Since.ToColumn())).ExecuteAsync(token),
        cancellationToken).ConfigureAwait(false);

    public async ValueTask<bool> ResumeAsync(SyncPointId point, CancellationToken cancellationToken) => await database.RunAsync(
        (connection, token) => connection.Command("DELETE FROM paused_point WHERE point = $1", Of(point.Value)).ExecuteAsync(token), cancellationToken).ConfigureAwait(false) == 1;
}
