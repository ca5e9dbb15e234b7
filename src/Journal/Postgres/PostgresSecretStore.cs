using PasswordSync.Core.Captures;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="ISecretStore"/>
internal sealed class PostgresSecretStore(PostgresDatabase database) : ISecretStore
{
    public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CaptureId captureId, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            var envelope = await connection.Command("SELECT envelope FROM secret WHERE capture_id = $1", Of(captureId.Value)).ScalarAsync<byte[]>(token).ConfigureAwait(false);

            // Without the type the null would become an empty envelope.
            return envelope is null ? default(ReadOnlyMemory<byte>?) : envelope;
        },
        cancellationToken);

    public ValueTask<int> SweepAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) => database.RunAsync(
        (connection, token) => connection.Command(
            "DELETE FROM secret WHERE capture_id = ANY (ARRAY(SELECT capture_id FROM secret WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2))",
            Of(now.ToColumnLimit()), Of(limit)).ExecuteAsync(token),
        cancellationToken);
}
