using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Enrolment;
using PasswordSync.Hosting.Settings;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Intake;
using PasswordSync.SyncNode.Operations;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Enrolment;

/// <summary>
/// Signs the first certificate of an edge that shows a registration key. A use is recorded before the certificate leaves, and so is the audit; an edge that did not get or keep
/// the answer asks again with the same key pair and spends nothing.
/// </summary>
internal sealed partial class EnrolmentEndpoint(
    NodeConfiguration configuration, NodeCredentials credentials, RegistrationKeys keys, EdgeRevocations revocations, IAuditLog audit, TimeProvider clock, ILogger<EnrolmentEndpoint> logger)
{
    /// <summary>How many requests within a minute from one address with one registration key bring no new enrolment, before it is not listened to for a while.</summary>
    public const int FailuresMax = 10;

    private const int HostNameLengthMax = 253;

    private readonly FailureLimiter failures = new(clock, FailuresMax);

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/" + RegistrationFile.EnrolmentPath, AnswerAsync);

    internal async Task AnswerAsync(HttpContext context)
    {
        var (status, text) = await EnrolAsync(context).ConfigureAwait(false);
        await RenewalEndpoint.WriteAsync(context, status, text).ConfigureAwait(false);
    }

    private async Task<(int Status, string Text)> EnrolAsync(HttpContext context)
    {
        if (credentials.Authority is not { } authority) return (StatusCodes.Status421MisdirectedRequest, $"The authority's key (ca.key) is not at node {configuration.Node.Name}: ask the node that made the registration key.");

        // A connection may be older than the end of the registration key that opened it.
        var shown = context.Connection.ClientCertificate;
        if (shown is null || !PeerTrust.TryIdentify(shown, credentials.Root, configuration.Node.Cluster, clock.GetUtcNow(), out var peer, out _) || peer is not PeerName.Registration key)
        {
            return (StatusCodes.Status403Forbidden, "Only a valid registration key enrols an edge.");
        }

        var origin = $"{context.Connection.RemoteIpAddress}";
        var cause = $"{origin} {key.Id}";
        if (failures.LockedFor(cause) is { } wait) return (StatusCodes.Status429TooManyRequests, $"Too many requests with this registration key: wait {Math.Ceiling(wait.TotalSeconds)} s.");
        var controller = $"{context.Request.Query["dc"]}".ToLowerInvariant();
        var edge = controller.Length <= HostNameLengthMax && Uri.CheckHostName(controller) == UriHostNameType.Dns ? new PeerName.Edge(configuration.Node.Cluster, key.Source, controller) : null;
        var (status, text, isNew) = edge is null
            ? (StatusCodes.Status400BadRequest, "The query 'dc' must be the DNS host name of the edge's domain controller.", false)
            : await SignAsync(context, authority, shown, key, edge, origin).ConfigureAwait(false);
        if (isNew) return (status, text);

        // What is no host name is anybody's text, and not for the log.
        if (status != StatusCodes.Status200OK) LogRefused(edge is null ? "An edge without a name" : $"{edge.ToUri()}", origin, key.Id, text);
        if (failures.Failed(cause)) LogLocked(origin, key.Id, FailuresMax, failures.LockTime);
        return (status, text);
    }

    private async Task<(int Status, string Text, bool IsNew)> SignAsync(HttpContext context, ClusterAuthority authority, X509Certificate2 shown, PeerName.Registration key, PeerName.Edge edge, string origin)
    {
        if (await RenewalEndpoint.ReadRequestAsync(context).ConfigureAwait(false) is not { } request) return (StatusCodes.Status400BadRequest, $"A certificate request in PEM of up to {CertificateQuestion.RequestBytesMax} bytes is needed.", false);
        if (!configuration.Node.Sources.ContainsKey(key.Source.Value)) return (StatusCodes.Status403Forbidden, $"The source {key.Source} is none of this cluster's any more.", false);
        try
        {
            var now = clock.GetUtcNow();
            var (signedAt, earliest) = (now - CertificateTerm.DatedBack, ClusterAuthority.SignedAt(authority.Certificate));
            if (signedAt < earliest) signedAt = earliest;
            using var certificate = authority.SignEdge(request, edge, signedAt);
            if (await FindRevocationAsync(edge, shown, signedAt, context.RequestAborted).ConfigureAwait(false) is { } revoked) return (StatusCodes.Status403Forbidden, revoked, false);
            var publicKey = Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
            var (record, used, refusal) = await keys.TakeAsync(key, edge.DomainController, publicKey, now, context.RequestAborted).ConfigureAwait(false);
            if (record is null) return (StatusCodes.Status403Forbidden, refusal!, false);
            var use = used.Last(one => one.DomainController == edge.DomainController && one.PublicKey == publicKey);
            var entry = new AuditEntry(
                now, "", origin, configuration.Node.Name, "edge enrol", "done", $"{edge.DomainController} source={key.Source} registration key={key.Id}", $"key made by {record.MadeBy} at {record.MadeAt:u}",
                $"{edge.ToUri()}, serial {certificate.SerialNumber}, until {CertificateTerm.EndOf(certificate):u}, key {publicKey}, {(use.At < now ? "asked again" : $"use {used.Length} of {record.Uses}")}");
            var written = await audit.AppendAsync(entry, context.RequestAborted).ConfigureAwait(false);
            LogEnrolled(edge.ToUri(), origin, key.Id, certificate.SerialNumber, CertificateTerm.EndOf(certificate), used.Length, record.Uses, written.Number, written.Hash);
            return (StatusCodes.Status200OK, certificate.ExportCertificatePem() + "\n", use.At >= now);
        }
        catch (Exception failure) when (failure is StorageUnavailableException or IOException or UnauthorizedAccessException or SettingsException)
        {
            return (StatusCodes.Status503ServiceUnavailable, $"Nobody can be enrolled now: {failure.Message}", false);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return (StatusCodes.Status400BadRequest, $"The request cannot be signed: {failure.Message}", false);
        }
    }

    // From the database, as for a renewal. Whoever was revoked needs a registration key that was made afterwards: the former one may have been stolen with the edge's own.
    private async Task<string?> FindRevocationAsync(PeerName.Edge edge, X509Certificate2 shown, DateTimeOffset signedAt, CancellationToken cancellationToken)
    {
        await revocations.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (revocations.Find(edge, ClusterAuthority.SignedAt(shown)) is { } past) return $"The edge was revoked at {past.At:u}, after this registration key was made: make another one.";
        return revocations.Find(edge, signedAt) is { } recent ? $"The edge was revoked at {recent.At:u}, too short a time ago by this node's clock: it is enrolled in some minutes." : null;
    }

    [LoggerMessage(4327, LogLevel.Information, "Enrolled {Edge}, which asked from {Origin} with registration key {Key}: serial {Serial}, until {End:u}; {Used} of {Uses} uses are taken. Audit {Number}: {Hash}")]
    private partial void LogEnrolled(Uri edge, string origin, string key, string serial, DateTimeOffset end, int used, int uses, long number, string hash);

    [LoggerMessage(4328, LogLevel.Warning, "{Edge} asked from {Origin} with registration key {Key} to be enrolled, and was not: {Reason}")]
    private partial void LogRefused(string edge, string origin, string key, string reason);

    [LoggerMessage(4329, LogLevel.Error, "{Origin} asked {Count} times within a minute with registration key {Key} without a new enrolment, and is not listened to for {LockTime}: if nobody of yours does that, delete the key's record.")]
    private partial void LogLocked(string origin, string key, int count, TimeSpan lockTime);
}
