using PasswordSync.Hosting.Certificates;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.SyncNode.Keys;

/// <summary>Gives other nodes what this node's key ring knows. Only a node's certificate may ask.</summary>
internal sealed partial class KeyEndpoint(KeyRingStore store, ILogger<KeyEndpoint> logger)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/" + KeyReport.Path, ReportAsync);
        routes.MapPost("/" + KeyReport.TransferPath, TransferAsync);
    }

    private async Task ReportAsync(HttpContext context)
    {
        if (NodeOf(context) is null) return;
        var ring = store.Ring;
        await context.Response.WriteAsJsonAsync(
            new KeyReport(KeyReport.FormatKnown, ring.Fingerprint, [.. ring.Keys.Select(key => key.Id.ToString())]), KeyJson.Default.KeyReport, contentType: null, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task TransferAsync(HttpContext context)
    {
        if (NodeOf(context) is not { } node) return;
        var digits = new byte[2 * PublicSealingKey.Size];
        var length = await context.Request.Body.ReadAtLeastAsync(digits, digits.Length, throwOnEndOfStream: false, context.RequestAborted).ConfigureAwait(false);
        if (length < digits.Length || !PublicSealingKey.TryParse(System.Text.Encoding.ASCII.GetString(digits), out var receiver))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        LogGiven(node.Name, store.Ring.Revision);
        context.Response.ContentType = "application/octet-stream";
        await context.Response.Body.WriteAsync(KeyRingTransfer.Seal(store.Ring, receiver), context.RequestAborted).ConfigureAwait(false);
    }

    private static PeerName.Node? NodeOf(HttpContext context)
    {
        var node = context.Features.Get<PeerName>() as PeerName.Node;
        if (node is null) context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return node;
    }

    [LoggerMessage(4211, LogLevel.Information, "Node {Node} fetches the key ring, revision {Revision}.")]
    private partial void LogGiven(string node, ulong revision);
}
