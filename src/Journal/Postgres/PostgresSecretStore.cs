using Microsoft.Extensions.Logging;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="ISecretStore"/>
internal sealed class PostgresSecretStore(PostgresDatabase database, ILogger logger) : ISecretStore, IAsyncDisposable
{
    private readonly GroupWriter<CaptureId, ReadOnlyMemory<byte>?> reader = new(database, new EnvelopeWork(), logger);

    public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CaptureId captureId, CancellationToken cancellationToken) => reader.WriteAsync(captureId, cancellationToken);

    public ValueTask<int> SweepAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) => database.RunAsync(
        (connection, token) => connection.Command(
            "DELETE FROM secret WHERE capture_id = ANY (ARRAY(SELECT capture_id FROM secret WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2))",
            Of(now.ToColumnLimit()), Of(limit)).ExecuteAsync(token),
        cancellationToken);

    public ValueTask DisposeAsync() => reader.DisposeAsync();
}
