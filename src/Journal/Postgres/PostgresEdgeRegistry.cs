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
                INSERT INTO edge (source, domain_controller, certificate_serial, seen_at, version) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (source, domain_controller) DO UPDATE
                SET certificate_serial = excluded.certificate_serial, seen_at = excluded.seen_at, version = excluded.version
                WHERE excluded.seen_at >= edge.seen_at
                """,
                Of(sighting.Source.Value), Of(sighting.DomainController), Of(sighting.CertificateSerial), Of(sighting.SeenAt.ToColumn()), Of(sighting.Version)).ExecuteAsync(token),
            cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<ImmutableArray<EdgeSighting>> ListAsync(CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command("SELECT source, domain_controller, certificate_serial, seen_at, version FROM edge ORDER BY source, domain_controller")
            .RowsAsync(row => new EdgeSighting(new SourceId(row.GetString(0)), row.GetString(1), row.GetString(2), StoredTime.FromColumn(row.GetInt64(3)), row.GetString(4)), token),
        cancellationToken).ConfigureAwait(false)];
}
