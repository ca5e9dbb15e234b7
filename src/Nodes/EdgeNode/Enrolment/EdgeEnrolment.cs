using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Uplink;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Settings;
using PasswordSync.EdgeNode.Doctor;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Doctor;
using PasswordSync.Hosting.Enrolment;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.EdgeNode.Enrolment;

/// <summary>
/// How an edge gets its first certificate by itself: with the registration key that an administrator laid beside it. The edge's own key pair is made and kept before anybody is asked,
/// and the certificate is written last: wherever this is cut off, the next try goes on with the same key pair, for which the node spends no further use.
/// </summary>
internal sealed partial class EdgeEnrolment(EdgeSettingsFile configuration, TimeProvider clock, ILogger<EdgeEnrolment> logger)
{
    /// <summary>How long it waits before it asks again.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMinutes(1);

    private string CertificateFile => configuration.PathOf(configuration.Edge.Certificate);

    private string AuthorityFile => configuration.PathOf(configuration.Edge.Authority);

    /// <summary>Does nothing if there is a certificate, or no registration key is named; else asks until a node signs.</summary>
    /// <exception cref="SettingsException">The registration key cannot be used; the message says what to do.</exception>
    /// <exception cref="IOException">The edge's files cannot be written.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (configuration.Edge.RegistrationKey is not { } path) return;
        var file = configuration.PathOf(path);
        if (File.Exists(CertificateFile))
        {
            RemoveSpent(file);
            return;
        }

        while (true)
        {
            try
            {
                await EnrolAsync(file, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception failure) when (failure is HttpRequestException or CryptographicException)
            {
                LogNotEnrolled(file, RetryInterval, failure.Message);
            }

            await Task.Delay(RetryInterval, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tries once.</summary>
    /// <exception cref="HttpRequestException">No node signed; the message has each one's answer.</exception>
    /// <exception cref="CryptographicException">What was signed is not what was asked for, or the edge's own key file holds no key.</exception>
    internal async Task EnrolAsync(string file, CancellationToken cancellationToken)
    {
        if (EdgeDoctor.Rights("registrationKey", file, MachineChecks.ForOthersNothing, "Bring the registration key there.") is { Result: FindingResult.Bad } wrong) throw Fault(wrong.Found, wrong.Remedy!);
        var registration = RegistrationFile.Read(file);
        var edge = configuration.Edge;
        if (registration.Cluster != edge.Cluster) throw Fault(registration.Cluster, $"the key is of that cluster, and this edge of {edge.Cluster}: make one there, or correct cluster.");
        if (registration.Source != edge.Source) throw Fault(registration.Source, $"the key is for that source, and this edge of {edge.Source}: make one for {edge.Source}, or correct source.");
        var (authority, opener) = registration.Open(file, clock.GetUtcNow());
        using (authority)
        using (opener)
        {
            await KeepAuthorityAsync(authority, cancellationToken).ConfigureAwait(false);
            var request = await EdgeKey.RequestAsync(configuration, cancellationToken).ConfigureAwait(false);
            using var signed = X509Certificate2.CreateFromPem(await AskAsync(registration, authority, opener, request, cancellationToken).ConfigureAwait(false));
            if (FindFault(signed, authority, request) is { } fault) throw new CryptographicException($"What a node signed cannot be used: {fault}. Compare the clocks.");
            await PrivateFile.WriteAsync(CertificateFile, signed.ExportCertificatePem() + "\n", cancellationToken).ConfigureAwait(false);
            LogEnrolled(registration.Id, CertificateTerm.EndOf(signed), RegistrationFile.FingerprintOf(authority));
        }

        if (registration.Uses == 1) Remove(file);
    }

    // The file says whom to trust. An authority that people put there before is not replaced: one of the two is wrong.
    private async Task KeepAuthorityAsync(X509Certificate2 authority, CancellationToken cancellationToken)
    {
        if (!File.Exists(AuthorityFile))
        {
            await PrivateFile.WriteAsync(AuthorityFile, authority.ExportCertificatePem() + "\n", cancellationToken).ConfigureAwait(false);
            return;
        }

        using var known = X509CertificateLoader.LoadCertificateFromFile(AuthorityFile);
        if (known.RawDataMemory.Span.SequenceEqual(authority.RawDataMemory.Span)) return;
        throw Fault(
            $"authority {RegistrationFile.FingerprintOf(authority)}",
            $"{AuthorityFile} has another one, {RegistrationFile.FingerprintOf(known)}: the key is of another cluster, or the cluster has a new authority; then delete {AuthorityFile}.");
    }

    private async Task<string> AskAsync(RegistrationFile registration, X509Certificate2 authority, X509Certificate2 opener, string request, CancellationToken cancellationToken)
    {
        var edge = configuration.Edge;
        string? distrust = null;
        using var http = EdgeConnections.ToNodes(edge.Cluster, () => opener, authority, refusal => distrust = refusal, clock);
        var nodes = registration.Nodes.Concat(edge.Nodes).Select(node => new Uri(node.TrimEnd('/') + "/")).Distinct().Take(NodeList.NodesMax).ToList();
        try
        {
            return await CertificateQuestion.AskAsync(http, nodes, $"{RegistrationFile.EnrolmentPath}?dc={Uri.EscapeDataString(edge.DomainController)}", request, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException failure) when (distrust is not null)
        {
            throw new HttpRequestException($"{failure.Message} This edge does not trust what a node showed: {distrust}. Compare the clocks, and see whether the key is of this cluster.", failure);
        }
    }

    private string? FindFault(X509Certificate2 signed, X509Certificate2 authority, string request)
    {
        var edge = configuration.Edge;
        var wanted = new PeerName.Edge(edge.Cluster, new SourceId(edge.Source), edge.DomainController);
        if (!PeerTrust.TryIdentify(signed, authority, edge.Cluster, clock.GetUtcNow(), out var name, out var refusal)) return refusal;
        if (name != wanted) return $"it stands for {name.ToUri()}, not for {wanted.ToUri()}";
        var asked = CertificateRequest.LoadSigningRequestPem(request, HashAlgorithmName.SHA256).PublicKey.ExportSubjectPublicKeyInfo();
        return signed.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(asked) ? null : "it is of another key than this edge's";
    }

    // What a crash between the last two steps leaves. A key that was made after the certificate is for an enrolment to come.
    private void RemoveSpent(string file)
    {
        if (!File.Exists(file)) return;
        try
        {
            var registration = RegistrationFile.Read(file);
            using var opener = X509Certificate2.CreateFromPem(registration.Certificate);
            using var own = X509CertificateLoader.LoadCertificateFromFile(CertificateFile);
            if (registration.Uses == 1 && ClusterAuthority.SignedAt(opener) <= ClusterAuthority.SignedAt(own) + CertificateTerm.DatedBack) Remove(file);
        }
        catch (Exception failure) when (failure is SettingsException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            LogNotRemoved(file, failure.Message);
        }
    }

    private void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotRemoved(file, failure.Message);
        }
    }

    private SettingsException Fault(string found, string remedy) => new(configuration.File, [new SettingFault("registrationKey", found, remedy)]);

    [LoggerMessage(2745, LogLevel.Information, "Enrolled with registration key {Key}: the edge's certificate is valid until {End:u}; the cluster's authority is {Authority}.")]
    private partial void LogEnrolled(string key, DateTimeOffset end, string authority);

    [LoggerMessage(2746, LogLevel.Error, "The edge is not enrolled with the registration key {File}, captures nothing, and asks again in {Interval}: {Reason}")]
    private partial void LogNotEnrolled(string file, TimeSpan interval, string reason);

    [LoggerMessage(2747, LogLevel.Warning, "The registration key {File} is not needed any more and could not be removed: delete it. {Reason}")]
    private partial void LogNotRemoved(string file, string reason);
}
