using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite.Operations;

/// <inheritdoc cref="IPointSwitches"/>
internal sealed class SqlitePointSwitches(SqliteEngine engine) : IPointSwitches
{
    public ValueTask<ImmutableArray<PausedPoint>> ListAsync(CancellationToken cancellationToken) => engine.ReadAsync(List, cancellationToken);

    public async ValueTask PauseAsync(PausedPoint paused, CancellationToken cancellationToken) => await engine.WriteAsync(
        session => session.Execute(
            """
            INSERT INTO paused_point (point, by, reason, since) VALUES ($1, $2, $3, $4)
            ON CONFLICT (point) DO UPDATE SET by = excluded.by, reason = excluded.reason, since = excluded.since
            """,
            paused.Point.Value, paused.By, paused.Reason, paused.Since.ToColumn()),
        cancellationToken).ConfigureAwait(false);

    public ValueTask<bool> ResumeAsync(SyncPointId point, CancellationToken cancellationToken) =>
        engine.WriteAsync(session => session.Execute("DELETE FROM paused_point WHERE point = $1", point.Value) == 1, cancellationToken);

    private static ImmutableArray<PausedPoint> List(SqliteSession session)
    {
        var list = ImmutableArray.CreateBuilder<PausedPoint>();
        using var rows = session.Query("SELECT point, by, reason, since FROM paused_point ORDER BY point");
        while (rows.Read()) list.Add(new PausedPoint(new SyncPointId(rows.GetString(0)), rows.GetString(1), rows.IsDBNull(2) ? null : rows.GetString(2), rows.ReadTime(3)));
        return list.ToImmutable();
    }
}
