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
                INSERT INTO edge (source, domain_controller, certificate_serial, seen_at, version) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (source, domain_controller) DO UPDATE
                SET certificate_serial = excluded.certificate_serial, seen_at = excluded.seen_at, version = excluded.version
                WHERE excluded.seen_at >= seen_at
                """,
                sighting.Source.Value, sighting.DomainController, sighting.CertificateSerial, sighting.SeenAt.ToColumn(), sighting.Version),
            cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<ImmutableArray<EdgeSighting>> ListAsync(CancellationToken cancellationToken) => engine.ReadAsync(List, cancellationToken);

    private static ImmutableArray<EdgeSighting> List(SqliteSession session)
    {
        var edges = ImmutableArray.CreateBuilder<EdgeSighting>();
        using var rows = session.Query("SELECT source, domain_controller, certificate_serial, seen_at, version FROM edge ORDER BY source, domain_controller");
        while (rows.Read())
        {
            edges.Add(new EdgeSighting(new SourceId(rows.GetString(0)), rows.GetString(1), rows.GetString(2), rows.ReadTime(3), rows.GetString(4)));
        }

        return edges.DrainToImmutable();
    }
}
