using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using PasswordSync.Core.Intake;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Enrolment;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Intake;

/// <summary>The HTTPS listener for peers of the cluster: TLS 1.2 or later, certificates of the cluster's own authority on both sides.</summary>
internal static partial class EdgeListener
{
    /// <summary>How many connections are served at once.</summary>
    private const int ConnectionsMax = 1_000;

    public static void Configure(KestrelServerOptions kestrel, NodeConfiguration configuration, NodeCredentials credentials, TimeProvider clock, ILogger logger)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
        kestrel.Limits.MaxRequestBodySize = IntakeBatch.BytesMax;
        kestrel.ConfigureHttpsDefaults(https =>
        {
            https.ServerCertificateSelector = (_, _) => credentials.Certificate;
            https.SslProtocols = System.Security.Authentication.SslProtocols.Tls12 | System.Security.Authentication.SslProtocols.Tls13;
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.CheckCertificateRevocation = false;
            https.ClientCertificateValidation = (peer, _, _) =>
            {
                if (PeerTrust.TryIdentify(peer, credentials.Root, configuration.Node.Cluster, clock.GetUtcNow(), out _, out var refusal)) return true;
                LogRefused(logger, refusal);
                return false;
            };
        });
        foreach (var text in configuration.Node.Listen)
        {
            if (ListenAddress.TryParse(text, out var address)) kestrel.Listen(address!.Address, address.Port, listen => listen.UseHttps());
        }
    }

    /// <summary>Puts the peer's name at the disposal of the end points; a connection without one never comes so far.</summary>
    public static async Task IdentifyAsync(HttpContext context, EdgeRevocations revocations, Func<Task> next)
    {
        var certificate = await context.Connection.GetClientCertificateAsync(context.RequestAborted).ConfigureAwait(false);
        if (certificate is null || !PeerName.TryRead(certificate, out var peer))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        // At each request: a connection may be older than the revocation.
        if (peer is PeerName.Edge edge && revocations.Find(edge, ClusterAuthority.SignedAt(certificate)) is { } revocation)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync($"The certificate of this edge was revoked at {revocation.At:u}: have a new request of it signed.", context.RequestAborted).ConfigureAwait(false);
            return;
        }

        if (peer is PeerName.Registration && context.Request.Path != "/" + RegistrationFile.EnrolmentPath)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync("A registration key opens enrolment and nothing else.", context.RequestAborted).ConfigureAwait(false);
            return;
        }

        context.Features.Set(peer);
        await next().ConfigureAwait(false);
    }

    [LoggerMessage(4311, LogLevel.Warning, "A connection is refused: {Refusal}.")]
    private static partial void LogRefused(ILogger logger, string refusal);
}
