using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Certificates;
using PasswordSync.SyncNode.Intake;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Cluster;

/// <summary>
/// Signs the next certificate of an edge or a node that shows its present one: for the same name and with the same rights, whatever the request says. Only the node with the
/// authority's key can; the others say so.
/// </summary>
internal sealed partial class RenewalEndpoint(
    NodeConfiguration configuration, NodeCredentials credentials, EdgeRevocations revocations, ClusterPeers peers, TimeProvider clock, ILogger<RenewalEndpoint> logger)
{
    /// <summary>The part of its life before which no certificate is followed by another: earlier than <see cref="CertificateTerm.RenewedAfterPart"/>, since clocks differ.</summary>
    private const double RenewableAfterPart = 0.5;

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/" + SelfRenewal.Path, AnswerAsync);

    internal async Task AnswerAsync(HttpContext context)
    {
        var (status, text) = await SignAsync(context).ConfigureAwait(false);
        await WriteAsync(context, status, text).ConfigureAwait(false);
    }

    /// <summary>Answers with a certificate, or with why there is none.</summary>
    internal static async Task WriteAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = status == StatusCodes.Status200OK ? "application/x-pem-file" : "text/plain; charset=utf-8";
        await context.Response.WriteAsync(text, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<(int Status, string Text)> SignAsync(HttpContext context)
    {
        if (credentials.Authority is not { } authority) return (StatusCodes.Status421MisdirectedRequest, $"The authority's key (ca.key) is not at node {configuration.Node.Name}: ask another one.");
        var now = clock.GetUtcNow();

        // A connection may be older than the end of the certificate that opened it.
        var present = context.Connection.ClientCertificate;
        if (present is null || !PeerTrust.TryIdentify(present, credentials.Root, configuration.Node.Cluster, now, out var peer, out _)) return (StatusCodes.Status403Forbidden, "Only who shows a valid certificate gets the next one.");
        if (await ReadRequestAsync(context).ConfigureAwait(false) is not { } request) return (StatusCodes.Status400BadRequest, $"A certificate request in PEM of up to {CertificateQuestion.RequestBytesMax} bytes is needed.");
        var begin = CertificateTerm.BeginOf(present);
        if (now - begin < (CertificateTerm.EndOf(present) - begin) * RenewableAfterPart) return (StatusCodes.Status409Conflict, "A certificate is renewed in the second half of its life.");
        try
        {
            if (await FindRefusalAsync(peer, present, now, context.RequestAborted).ConfigureAwait(false) is { } refusal)
            {
                LogRefused(peer.ToUri(), refusal);
                return (StatusCodes.Status403Forbidden, refusal);
            }

            var signedAt = now - CertificateTerm.DatedBack;
            using var next = peer switch
            {
                PeerName.Edge edge => authority.SignEdge(request, edge, signedAt),
                PeerName.Node node => authority.SignNode(request, node, HostsOf(present), signedAt),
                _ => throw new InvalidOperationException($"Internal error: unknown peer {peer.GetType().Name}."),
            };
            LogSigned(peer.ToUri(), next.SerialNumber, CertificateTerm.EndOf(next), present.SerialNumber);
            return (StatusCodes.Status200OK, next.ExportCertificatePem() + "\n");
        }
        catch (StorageUnavailableException failure)
        {
            return (StatusCodes.Status503ServiceUnavailable, $"Who was revoked cannot be read now: {failure.Message}");
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return (StatusCodes.Status400BadRequest, $"The request cannot be signed: {failure.Message}");
        }
    }

    // From the database, not from what was read some seconds ago: who was revoked meanwhile must not get a certificate that the revocation does not cover.
    private async Task<string?> FindRefusalAsync(PeerName peer, X509Certificate2 present, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (peer is PeerName.Node node)
        {
            var living = await peers.FindAsync(other => other.Name == node.Name, cancellationToken).ConfigureAwait(false);
            return living.IsEmpty ? $"The node {node.Name} is not at work in the cluster: a node is renewed while it runs." : null;
        }

        var edge = (PeerName.Edge)peer;
        if (!configuration.Node.Sources.ContainsKey(edge.Source.Value)) return $"The source {edge.Source} is none of this cluster's any more.";
        await revocations.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (revocations.Find(edge, ClusterAuthority.SignedAt(present)) is { } past) return $"The certificate of this edge was revoked at {past.At:u}: have a new request of it signed.";
        return revocations.Find(edge, now - CertificateTerm.DatedBack) is { } recent ? $"The edge was revoked at {recent.At:u}, too short a time ago by this node's clock: it is renewed in some minutes." : null;
    }

    private static IEnumerable<string> HostsOf(X509Certificate2 certificate) => certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
        .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())));

    /// <summary>The certificate request of a body; null if there is none, or too much.</summary>
    internal static async Task<string?> ReadRequestAsync(HttpContext context)
    {
        if (context.Request.ContentLength is not (> 0 and <= CertificateQuestion.RequestBytesMax)) return null;
        using var reader = new StreamReader(context.Request.Body, Encoding.ASCII);
        return await reader.ReadToEndAsync(context.RequestAborted).ConfigureAwait(false);
    }

    [LoggerMessage(4324, LogLevel.Information, "Signed the next certificate of {Peer}, serial {Serial}, until {End:u}; the one that it showed is {Former}.")]
    private partial void LogSigned(Uri peer, string serial, DateTimeOffset end, string former);

    [LoggerMessage(4325, LogLevel.Warning, "{Peer} asked for its next certificate, and got none: {Reason}")]
    private partial void LogRefused(Uri peer, string reason);
}
