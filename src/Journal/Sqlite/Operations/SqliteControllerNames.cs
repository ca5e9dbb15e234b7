using System.Collections.Immutable;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;

namespace PasswordSync.Journal.Sqlite.Operations;

/// <inheritdoc cref="IControllerNames"/>
internal sealed class SqliteControllerNames(SqliteEngine engine) : IControllerNames
{
    public async ValueTask NoteAsync(ControllerName name, CancellationToken cancellationToken) => await engine.WriteAsync(
        session => session.Execute(
            "INSERT INTO controller_name (source, invocation_id, name) VALUES ($1, $2, $3) ON CONFLICT (source, invocation_id) DO UPDATE SET name = excluded.name",
            name.Source.Value, name.InvocationId.ToColumn(), name.Name),
        cancellationToken).ConfigureAwait(false);

    public ValueTask<ImmutableArray<ControllerName>> ListAsync(CancellationToken cancellationToken) => engine.ReadAsync(List, cancellationToken);

    private static ImmutableArray<ControllerName> List(SqliteSession session)
    {
        var list = ImmutableArray.CreateBuilder<ControllerName>();
        using var rows = session.Query("SELECT source, invocation_id, name FROM controller_name ORDER BY source, name");
        while (rows.Read()) list.Add(new ControllerName(new SourceId(rows.GetString(0)), rows.ReadGuid(1), rows.GetString(2)));
        return list.ToImmutable();
    }
}
