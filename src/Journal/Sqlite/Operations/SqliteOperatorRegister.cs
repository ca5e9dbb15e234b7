using System.Collections.Immutable;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite.Operations;

/// <inheritdoc cref="IOperatorRegister"/>
internal sealed class SqliteOperatorRegister(SqliteEngine engine) : IOperatorRegister
{
    public ValueTask<ImmutableArray<OperatorRow>> ListAsync(CancellationToken cancellationToken) => engine.ReadAsync(List, cancellationToken);

    public ValueTask<bool> AddAsync(OperatorRow row, CancellationToken cancellationToken) => engine.WriteAsync(session => Add(session, row), cancellationToken);

    public ValueTask<bool> AddFirstAsync(OperatorRow row, CancellationToken cancellationToken) =>
        engine.WriteAsync(session => session.Number("SELECT count(*) FROM operator") == 0 && Add(session, row), cancellationToken);

    public ValueTask<bool> RemoveAsync(string name, CancellationToken cancellationToken) =>
        engine.WriteAsync(session => session.Execute("DELETE FROM operator WHERE name = $1", name) == 1, cancellationToken);

    private static bool Add(SqliteSession session, OperatorRow row) => session.Execute(
        "INSERT INTO operator (name, role, token_hash, added_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", row.Name, row.Role, row.TokenHash, row.AddedAt.ToColumn()) == 1;

    private static ImmutableArray<OperatorRow> List(SqliteSession session)
    {
        var list = ImmutableArray.CreateBuilder<OperatorRow>();
        using var rows = session.Query("SELECT name, role, token_hash, added_at FROM operator ORDER BY name");
        while (rows.Read()) list.Add(new OperatorRow(rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.ReadTime(3)));
        return list.ToImmutable();
    }
}
