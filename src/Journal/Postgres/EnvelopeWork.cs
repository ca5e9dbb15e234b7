using Npgsql;
using PasswordSync.Core.Captures;
using PasswordSync.Journal.Postgres.Engine;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <summary>Reads many sealed secrets with one statement.</summary>
internal sealed class EnvelopeWork : GroupWork<CaptureId, ReadOnlyMemory<byte>?>
{
    public override int OperationsOf(CaptureId item) => 1;

    public override object? KeyOf(CaptureId item) => null;

    public override async Task<IReadOnlyList<ReadOnlyMemory<byte>?>> WriteAsync(NpgsqlConnection connection, IReadOnlyList<CaptureId> items)
    {
        var rows = await connection.Command("SELECT capture_id, envelope FROM secret WHERE capture_id = ANY ($1)", Of(items.Select(capture => capture.Value).Distinct().ToArray()))
            .RowsAsync(row => (Capture: row.GetGuid(0), Envelope: row.GetFieldValue<byte[]>(1)), CancellationToken.None).ConfigureAwait(false);
        var found = rows.ToDictionary(row => row.Capture, row => row.Envelope);

        // Without the type a null would become an empty envelope.
        return [.. items.Select(capture => found.TryGetValue(capture.Value, out var envelope) ? envelope : default(ReadOnlyMemory<byte>?))];
    }
}
