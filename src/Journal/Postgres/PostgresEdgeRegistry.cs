using System.Collections.Immutable;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="IEdgeRegistry"/>
internal sealed class PostgresEdgeRegistry(PostgresDatabase database) : IEdgeRegistry
{
    public async ValueTask SawAsync(EdgeSighting sighting, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sighting);
        await database.RunAsync(
            (connection, token) => connection.Command(
                """
                INSERT INTO edge (source, domain_controller, certificate_serial, seen_at, version, certificate_until, spool, alarms, alarms_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                ON CONFLICT (source, domain_controller) DO UPDATE
                SET certificate_serial = excluded.certificate_serial, seen_at = excluded.seen_at, version = excluded.version,
                  certificate_until = excluded.certificate_until, spool = coalesce(excluded.spool, edge.spool),
                  alarms = coalesce(excluded.alarms, edge.alarms), alarms_at = coalesce(excluded.alarms_at, edge.alarms_at)
                WHERE excluded.seen_at >= edge.seen_at OR edge.seen_at > $10
                """,
                Of(sighting.Source.Value), Of(sighting.DomainController), Of(sighting.CertificateSerial), Of(sighting.SeenAt.ToColumn()), Of(sighting.Version),
                OfNumber(sighting.CertificateUntil?.ToColumn()), OfNumber(sighting.Spool), OfText(sighting.Alarms?.Names), OfNumber(sighting.Alarms?.At.ToColumn()), Of((sighting.SeenAt + EdgeSighting.ClockStep).ToColumn())).ExecuteAsync(token),
            cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<ImmutableArray<EdgeSighting>> ListAsync(CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command("SELECT source, domain_controller, certificate_serial, seen_at, version, certificate_until, spool, alarms, alarms_at FROM edge ORDER BY source, domain_controller")
            .RowsAsync(row => new EdgeSighting(new SourceId(row.GetString(0)), row.GetString(1), row.GetString(2), StoredTime.FromColumn(row.GetInt64(3)), row.GetString(4))
            {
                CertificateUntil = row.Optional<long>(5) is { } until ? StoredTime.FromColumn(until) : null,
                Spool = (int?)row.Optional<long>(6),
                Alarms = row.Text(7) is { } alarms ? new EdgeAlarmsTold(alarms, StoredTime.FromColumn(row.GetInt64(8))) : null,
            }, token),
        cancellationToken).ConfigureAwait(false)];

    public async ValueTask RevokeAsync(EdgeRevocation revocation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(revocation);
        await database.RunAsync(
            (connection, token) => connection.Command(
                """
                INSERT INTO edge_revocation (source, domain_controller, at, by, reason) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (source, domain_controller) DO UPDATE SET at = excluded.at, by = excluded.by, reason = excluded.reason WHERE excluded.at > edge_revocation.at
                """,
                Of(revocation.Source.Value), Of(revocation.DomainController), Of(revocation.At.ToColumn()), Of(revocation.By), OfText(revocation.Reason)).ExecuteAsync(token),
            cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<ImmutableArray<EdgeRevocation>> ListRevocationsAsync(CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command("SELECT source, domain_controller, at, by, reason FROM edge_revocation ORDER BY source, domain_controller")
            .RowsAsync(row => new EdgeRevocation(new SourceId(row.GetString(0)), row.GetString(1), StoredTime.FromColumn(row.GetInt64(2)), row.GetString(3), row.Text(4)), token),
        cancellationToken).ConfigureAwait(false)];
}
