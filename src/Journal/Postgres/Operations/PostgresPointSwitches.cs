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
    public async ValueTask<ImmutableArray<PointSwitch>> ListAsync(CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command("SELECT point, disabled, by, reason, since FROM point_switch ORDER BY point").RowsAsync(
            row => new PointSwitch(new SyncPointId(row.GetString(0)), row.GetBoolean(1), row.GetString(2), row.Text(3), StoredTime.FromColumn(row.GetInt64(4))), token),
        cancellationToken).ConfigureAwait(false)];

    public async ValueTask SetAsync(PointSwitch value, CancellationToken cancellationToken) => await database.RunAsync(
        (connection, token) => connection.Command(
            """
            INSERT INTO point_switch (point, disabled, by, reason, since) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (point) DO UPDATE SET disabled = excluded.disabled, by = excluded.by, reason = excluded.reason, since = excluded.since
            """,
            Of(value.Point.Value), Of(value.IsDisabled), Of(value.By), OfText(value.Reason), Of(value.Since.ToColumn())).ExecuteAsync(token),
        cancellationToken).ConfigureAwait(false);

    public async ValueTask<bool> ClearAsync(SyncPointId point, CancellationToken cancellationToken) => await database.RunAsync(
        (connection, token) => connection.Command("DELETE FROM point_switch WHERE point = $1", Of(point.Value)).ExecuteAsync(token), cancellationToken).ConfigureAwait(false) == 1;
}
