using System.Collections.Immutable;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <inheritdoc cref="IEdgeRegistry"/>
internal sealed class SqliteEdgeRegistry(SqliteEngine engine) : IEdgeRegistry
{
    public async ValueTask SawAsync(EdgeSighting sighting, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sighting);
        await engine.WriteAsync(
            session => session.Execute(
                """
                INSERT INTO edge (source, domain_controller, certificate_serial, seen_at, version, certificate_until, spool, alarms, alarms_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                ON CONFLICT (source, domain_controller) DO UPDATE
                SET certificate_serial = excluded.certificate_serial, seen_at = excluded.seen_at, version = excluded.version,
                  certificate_until = excluded.certificate_until, spool = coalesce(excluded.spool, edge.spool),
                  alarms = coalesce(excluded.alarms, edge.alarms), alarms_at = coalesce(excluded.alarms_at, edge.alarms_at)
                WHERE excluded.seen_at >= seen_at OR seen_at > $10
                """,
                sighting.Source.Value, sighting.DomainController, sighting.CertificateSerial, sighting.SeenAt.ToColumn(), sighting.Version, sighting.CertificateUntil?.ToColumn(), sighting.Spool,
                sighting.Alarms?.Names, sighting.Alarms?.At.ToColumn(), (sighting.SeenAt + EdgeSighting.ClockStep).ToColumn()),
            cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<ImmutableArray<EdgeSighting>> ListAsync(CancellationToken cancellationToken) => engine.ReadAsync(List, cancellationToken);

    public async ValueTask RevokeAsync(EdgeRevocation revocation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(revocation);
        await engine.WriteAsync(
            session => session.Execute(
                """
                INSERT INTO edge_revocation (source, domain_controller, at, by, reason) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (source, domain_controller) DO UPDATE SET at = excluded.at, by = excluded.by, reason = excluded.reason WHERE excluded.at > at
                """,
                revocation.Source.Value, revocation.DomainController, revocation.At.ToColumn(), revocation.By, revocation.Reason),
            cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<ImmutableArray<EdgeRevocation>> ListRevocationsAsync(CancellationToken cancellationToken) => engine.ReadAsync(ListRevocations, cancellationToken);

    private static ImmutableArray<EdgeRevocation> ListRevocations(SqliteSession session)
    {
        var revocations = ImmutableArray.CreateBuilder<EdgeRevocation>();
        using var rows = session.Query("SELECT source, domain_controller, at, by, reason FROM edge_revocation ORDER BY source, domain_controller");
        while (rows.Read())
        {
            revocations.Add(new EdgeRevocation(new SourceId(rows.GetString(0)), rows.GetString(1), rows.ReadTime(2), rows.GetString(3), rows.IsDBNull(4) ? null : rows.GetString(4)));
        }

        return revocations.DrainToImmutable();
    }

    private static ImmutableArray<EdgeSighting> List(SqliteSession session)
    {
        var edges = ImmutableArray.CreateBuilder<EdgeSighting>();
        using var rows = session.Query("SELECT source, domain_controller, certificate_serial, seen_at, version, certificate_until, spool, alarms, alarms_at FROM edge ORDER BY source, domain_controller");
        while (rows.Read())
        {
            edges.Add(new EdgeSighting(new SourceId(rows.GetString(0)), rows.GetString(1), rows.GetString(2), rows.ReadTime(3), rows.GetString(4))
            {
                CertificateUntil = rows.IsDBNull(5) ? null : rows.ReadTime(5),
                Spool = rows.IsDBNull(6) ? null : rows.GetInt32(6),
                Alarms = rows.IsDBNull(7) ? null : new EdgeAlarmsTold(rows.GetString(7), rows.ReadTime(8)),
            });
        }

        return edges.DrainToImmutable();
    }
}
