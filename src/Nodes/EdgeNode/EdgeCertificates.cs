using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Settings;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.EdgeNode;

/// <summary>What an edge shows to nodes, and whose nodes it trusts. Safe from any thread.</summary>
public sealed class EdgeCertificates : IDisposable
{
    private readonly EdgeSettingsFile configuration;
    private readonly PeerName.Edge name;
    private readonly SelfRenewal renewal;
    private readonly RenewedCertificate own;

    private EdgeCertificates(EdgeSettingsFile configuration, PeerName.Edge name, SelfRenewal renewal, X509Certificate2 authority, X509Certificate2 certificate)
    {
        this.configuration = configuration;
        this.name = name;
        this.renewal = renewal;
        Authority = authority;
        own = new RenewedCertificate(certificate);
    }

    /// <summary>The certificate of the cluster's authority.</summary>
    public X509Certificate2 Authority { get; }

    /// <summary>The edge's own, with its key, as it is now: to be asked for at each handshake.</summary>
    public X509Certificate2 Certificate => own.Current;

    /// <summary>What was wrong with the certificate that the edge had renewed by itself, when it was read at the start, and what to do; null if nothing.</summary>
    public string? RenewedFault { get; private init; }

    /// <summary>Reads the files that the configuration names, and what the edge renewed by itself: of two certificates the one that was signed last. The caller owns the result.</summary>
    /// <exception cref="SettingsException">A file is missing or does not fit.</exception>
    public static EdgeCertificates Open(EdgeSettingsFile configuration, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var edge = configuration.Edge;
        var name = new PeerName.Edge(edge.Cluster, new SourceId(edge.Source), edge.DomainController.ToLowerInvariant());
        var authority = Load(configuration, "authority", edge.Authority);
        var renewal = new SelfRenewal(configuration.PathOf(edge.Data), name, authority);
        var installed = WithKey(configuration);
        if (renewal.Read(passphrase: [], now, out var fault) is not { } renewed) return new EdgeCertificates(configuration, name, renewal, authority, installed) { RenewedFault = fault };
        var (later, earlier) = CertificateTerm.BeginOf(renewed) > CertificateTerm.BeginOf(installed) ? (renewed, installed) : (installed, renewed);
        earlier.Dispose();
        return new EdgeCertificates(configuration, name, renewal, authority, later);
    }

    /// <summary>Whether it is time to ask a node for the next certificate.</summary>
    public bool IsRenewalDue(DateTimeOffset now) => renewal.IsDue(Certificate, now);

    /// <summary>Lets a node sign the next certificate, keeps it and takes it. To be called by one at a time.</summary>
    /// <param name="http">Shows the present certificate.</param>
    /// <param name="nodes">Where to ask.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HttpRequestException">No node signed; the message has each one's answer.</exception>
    /// <exception cref="CryptographicException">What was signed is not what was asked for.</exception>
    /// <exception cref="IOException">It cannot be kept, and is not used then.</exception>
    public async Task RenewAsync(HttpClient http, IReadOnlyCollection<Uri> nodes, TimeProvider clock, CancellationToken cancellationToken) =>
        own.Replace(await renewal.RenewAsync(http, nodes, Certificate, passphrase: default, clock, cancellationToken).ConfigureAwait(false));

    /// <summary>Takes the certificate that was put in the place of the configured one, if it was signed after the present one. To be called by one at a time.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="SettingsException">The file is gone, or its certificate is not this edge's; the present certificate goes on.</exception>
    /// <exception cref="CryptographicException">The file cannot be used.</exception>
    public bool TakeInstalled(DateTimeOffset now)
    {
        using var bare = Load(configuration, "certificate", configuration.Edge.Certificate);
        if (CertificateTerm.BeginOf(bare) <= CertificateTerm.BeginOf(Certificate)) return false;
        var edge = configuration.Edge;
        if (!PeerTrust.TryIdentify(bare, Authority, edge.Cluster, now, out var peer, out var refusal) || peer != name)
        {
            throw new SettingsException(configuration.File, [new SettingFault("certificate", configuration.PathOf(edge.Certificate), refusal ?? $"it stands for {peer!.ToUri()}, and this edge is {name.ToUri()}: let this edge's own request be signed.")]);
        }

        own.Replace(WithKey(configuration));
        return true;
    }

    /// <summary>The certificates in use that end soon.</summary>
    public IEnumerable<EndingCertificate> FindEnding(DateTimeOffset now)
    {
        var edge = configuration.Edge;
        if (CertificateTerm.EndsSoon(Certificate, now))
        {
            yield return new EndingCertificate(
                "The certificate of this edge", CertificateTerm.EndOf(Certificate),
                $"the edge lets a node renew it, and that did not succeed (event 2743 says why). By hand: make a request (request), let a node sign it (sign-edge --source {edge.Source} --dc {edge.DomainController}), and put the certificate at {configuration.PathOf(edge.Certificate)}: it is taken within a day, or at a restart.");
        }

        if (CertificateTerm.EndsSoon(Authority, now))
        {
            yield return new EndingCertificate("The certificate of the cluster's authority", CertificateTerm.EndOf(Authority), "the cluster needs a new authority (docs/operations/cluster.md); then put its ca.pem here and restart.");
        }
    }

    public void Dispose()
    {
        own.Dispose();
        Authority.Dispose();
    }

    private static X509Certificate2 Load(EdgeSettingsFile configuration, string key, string path)
    {
        var file = configuration.PathOf(path);
        if (File.Exists(file)) return X509CertificateLoader.LoadCertificateFromFile(file);
        throw new SettingsException(configuration.File, [new SettingFault(key, file, "the file does not exist: make a request (request), let a node sign it (sign-edge), and copy the node's ca.pem here; or name a registration key (registrationKey).")]);
    }

    private static X509Certificate2 WithKey(EdgeSettingsFile configuration)
    {
        using var bare = Load(configuration, "certificate", configuration.Edge.Certificate);
        var file = configuration.PathOf(configuration.Edge.Key);
        try
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(File.ReadAllText(file));
            return KeyedCertificate.Join(bare, key);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new SettingsException(configuration.File, [new SettingFault("key", file, $"{failure.Message.TrimEnd('.')}: put the private key that the certificate's request was made with here, PEM, readable by this account.")]);
        }
    }
}
