using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite.Operations;

/// <inheritdoc cref="IPointSwitches"/>
internal sealed class SqlitePointSwitches(SqliteEngine engine) : IPointSwitches
{
    public ValueTask<ImmutableArray<PointSwitch>> ListAsync(CancellationToken cancellationToken) => engine.ReadAsync(List, cancellationToken);

    public async ValueTask SetAsync(PointSwitch value, CancellationToken cancellationToken) => await engine.WriteAsync(
        session => session.Execute(
            """
            INSERT INTO point_switch (point, disabled, by, reason, since) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (point) DO UPDATE SET disabled = excluded.disabled, by = excluded.by, reason = excluded.reason, since = excluded.since
            """,
            value.Point.Value, value.IsDisabled ? 1 : 0, value.By, value.Reason, value.Since.ToColumn()),
        cancellationToken).ConfigureAwait(false);

    public ValueTask<bool> ClearAsync(SyncPointId point, CancellationToken cancellationToken) =>
        engine.WriteAsync(session => session.Execute("DELETE FROM point_switch WHERE point = $1", point.Value) == 1, cancellationToken);

    private static ImmutableArray<PointSwitch> List(SqliteSession session)
    {
        var list = ImmutableArray.CreateBuilder<PointSwitch>();
        using var rows = session.Query("SELECT point, disabled, by, reason, since FROM point_switch ORDER BY point");
        while (rows.Read())
        {
            list.Add(new PointSwitch(new SyncPointId(rows.GetString(0)), rows.GetInt32(1) == 1, rows.GetString(2), rows.IsDBNull(3) ? null : rows.GetString(3), rows.ReadTime(4)));
        }

        return list.ToImmutable();
    }
}
