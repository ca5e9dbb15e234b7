using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite.Operations;

/// <inheritdoc cref="IAuditLog"/>
internal sealed class SqliteAuditLog(SqliteEngine engine) : IAuditLog
{
    private const string Fields = "number, at, operator, origin, node, operation, stage, request, before, after, hash";

    public ValueTask<AuditRecord> AppendAsync(AuditEntry entry, CancellationToken cancellationToken) => engine.WriteAsync(session => Append(session, entry), cancellationToken);

    public ValueTask<ImmutableArray<AuditRecord>> ReadAsync(long after, int limit, bool newest, CancellationToken cancellationToken) =>
        engine.ReadAsync(session => newest ? [.. Read(session, $"SELECT {Fields} FROM audit WHERE number > $1 ORDER BY number DESC LIMIT $2", after, limit).Reverse()]
            : Read(session, $"SELECT {Fields} FROM audit WHERE number > $1 ORDER BY number LIMIT $2", after, limit), cancellationToken);

    // Inside the writer's transaction: nobody else adds between the reading of the last hash and the writing of the next.
    private static AuditRecord Append(SqliteSession session, AuditEntry entry)
    {
        var rounded = entry with { At = AuditChain.Rounded(entry.At) };
        var last = session.Number("SELECT max(number) FROM audit") ?? 0;
        var before = last == 0 ? AuditChain.Beginning : session.Text("SELECT hash FROM audit WHERE number = $1", last)!;
        var record = new AuditRecord(last + 1, rounded, AuditChain.HashOf(before, last + 1, rounded));
        session.Execute(
            $"INSERT INTO audit ({Fields}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            record.Number, rounded.At.ToColumn(), entry.Operator, entry.Origin, entry.Node, entry.Operation, entry.Stage, entry.Request, entry.Before, entry.After, record.Hash);
        return record;
    }

    private static ImmutableArray<AuditRecord> Read(SqliteSession session, string sql, long after, int limit)
    {
        var read = ImmutableArray.CreateBuilder<AuditRecord>();
        using var rows = session.Query(sql, after, limit);
        while (rows.Read())
        {
            var entry = new AuditEntry(
                rows.ReadTime(1), rows.GetString(2), rows.GetString(3), rows.GetString(4), rows.GetString(5), rows.GetString(6), rows.GetString(7), Optional(rows, 8), Optional(rows, 9));
            read.Add(new AuditRecord(rows.GetInt64(0), entry, rows.GetString(10)));
        }

        return read.ToImmutable();
    }

    private static string? Optional(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
