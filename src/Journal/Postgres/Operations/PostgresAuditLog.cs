using System.Collections.Immutable;
using Npgsql;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres.Operations;

/// <inheritdoc cref="IAuditLog"/>
internal sealed class PostgresAuditLog(PostgresDatabase database) : IAuditLog
{
    private const string Fields = "number, at, operator, origin, node, operation, stage, request, before, after, hash";

    public ValueTask<AuditRecord> AppendAsync(AuditEntry entry, CancellationToken cancellationToken) => database.RunAsync(
        (connection, token) => AppendAsync(connection, entry with { At = AuditChain.Rounded(entry.At) }, token), cancellationToken);

    public async ValueTask<ImmutableArray<AuditRecord>> ReadAsync(long after, int limit, bool newest, CancellationToken cancellationToken)
    {
        var records = await database.ReadAsync(
            (connection, token) => connection.Command($"SELECT {Fields} FROM audit WHERE number > $1 ORDER BY number {(newest ? "DESC" : "")} LIMIT $2", Of(after), Of(limit))
                .RowsAsync(Read, token),
            cancellationToken).ConfigureAwait(false);
        if (newest) records.Reverse();
        return [.. records];
    }

    // One record at a time in the whole cluster: nobody else adds between the reading of the last hash and the writing of the next.
    private static async Task<AuditRecord> AppendAsync(NpgsqlConnection connection, AuditEntry entry, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using var disposing = transaction.ConfigureAwait(false);
        await connection.Command("LOCK TABLE audit IN EXCLUSIVE MODE").ExecuteAsync(cancellationToken).ConfigureAwait(false);
        var last = await connection.Command("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
            .RowsAsync(row => (Number: row.GetInt64(0), Hash: row.GetString(1)), cancellationToken).ConfigureAwait(false);
        var (number, before) = last is [var found] ? (found.Number + 1, found.Hash) : (1, AuditChain.Beginning);
        var record = new AuditRecord(number, entry, AuditChain.HashOf(before, number, entry));
        await connection.Command(
            $"INSERT INTO audit ({Fields}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            Of(number), Of(entry.At.ToColumn()), Of(entry.Operator), Of(entry.Origin), Of(entry.Node), Of(entry.Operation), Of(entry.Stage), Of(entry.Request), OfText(entry.Before),
            OfText(entry.After), Of(record.Hash)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return record;
    }

    private static AuditRecord Read(NpgsqlDataReader row)
    {
        var entry = new AuditEntry(
            StoredTime.FromColumn(row.GetInt64(1)), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6), row.GetString(7), row.Text(8), row.Text(9));
        return new AuditRecord(row.GetInt64(0), entry, row.GetString(10));
    }
}
