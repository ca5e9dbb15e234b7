using System.Collections.Immutable;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres.Operations;

/// <inheritdoc cref="IControllerNames"/>
internal sealed class PostgresControllerNames(PostgresDatabase database) : IControllerNames
{
    public async ValueTask NoteAsync(ControllerName name, CancellationToken cancellationToken) => await database.RunAsync(
        (connection, token) => connection.Command(
            "INSERT INTO controller_name (source, invocation_id, name) VALUES ($1, $2, $3) ON CONFLICT (source, invocation_id) DO UPDATE SET name = excluded.name",
            Of(name.Source.Value), Of(name.InvocationId), Of(name.Name)).ExecuteAsync(token),
        cancellationToken).ConfigureAwait(false);

    public async ValueTask<ImmutableArray<ControllerName>> ListAsync(CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command("SELECT source, invocation_id, name FROM controller_name ORDER BY source, name").RowsAsync(
            row => new ControllerName(new SourceId(row.GetString(0)), row.GetGuid(1), row.GetString(2)), token),
        cancellationToken).ConfigureAwait(false)];
}
