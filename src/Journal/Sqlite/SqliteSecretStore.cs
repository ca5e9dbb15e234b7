using PasswordSync.Core.Captures;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <inheritdoc cref="ISecretStore"/>
internal sealed class SqliteSecretStore(SqliteEngine engine, SecretTraces traces) : ISecretStore
{
    public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CaptureId captureId, CancellationToken cancellationToken) =>
        engine.ReadAsync(session => Read(session, captureId), cancellationToken);

    public ValueTask<int> SweepAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        engine.WriteAsync(
            session =>
            {
                var swept = session.Execute(
                    "DELETE FROM secret WHERE secret_id IN (SELECT secret_id FROM secret WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)", now.ToColumnLimit(), limit);
                if (swept > 0) traces.Leave();
                return swept;
            },
            cancellationToken);

    private static ReadOnlyMemory<byte>? Read(SqliteSession session, CaptureId captureId)
    {
        var envelope = session.Bytes("SELECT envelope FROM secret WHERE capture_id = $1", captureId.Value.ToColumn());

        // Without the type the null would become an empty envelope.
        return envelope is null ? default(ReadOnlyMemory<byte>?) : envelope;
    }
}
