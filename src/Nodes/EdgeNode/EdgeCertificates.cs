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
    private readonly RenewedCertificate own;

    private EdgeCertificates(EdgeSettingsFile configuration, X509Certificate2 authority, X509Certificate2 certificate)
    {
        this.configuration = configuration;
        Authority = authority;
        own = new RenewedCertificate(certificate);
    }

    /// <summary>The certificate of the cluster's authority.</summary>
    public X509Certificate2 Authority { get; }

    /// <summary>The edge's own, with its key, as it is now: to be asked for at each handshake.</summary>
    public X509Certificate2 Certificate => own.Current;

    /// <summary>Reads the files that the configuration names. The caller owns the result.</summary>
    /// <exception cref="SettingsException">A file is missing or does not fit.</exception>
    public static EdgeCertificates Open(EdgeSettingsFile configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return new EdgeCertificates(configuration, Load(configuration, "authority", configuration.Edge.Authority), WithKey(configuration));
    }

    /// <summary>Takes the certificate that was put in the present one's place, if there is another. To be called by one at a time.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="SettingsException">The file is gone, or its certificate is not this edge's; the present certificate goes on.</exception>
    /// <exception cref="CryptographicException">The file cannot be used.</exception>
    public bool Renew(DateTimeOffset now)
    {
        using var bare = Load(configuration, "certificate", configuration.Edge.Certificate);
        if (bare.Thumbprint == Certificate.Thumbprint) return false;
        var edge = configuration.Edge;
        var name = new PeerName.Edge(edge.Cluster, new SourceId(edge.Source), edge.DomainController.ToLowerInvariant());
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
                $"make a request (request), let a node sign it (sign-edge --source {edge.Source} --dc {edge.DomainController}), and put the certificate at {configuration.PathOf(edge.Certificate)}: it is taken within a day, or at a restart.");
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
        throw new SettingsException(configuration.File, [new SettingFault(key, file, "the file does not exist: make a request (request), let a node sign it (sign-edge), and copy the node's ca.pem here.")]);
    }

    private static X509Certificate2 WithKey(EdgeSettingsFile configuration)
    {
        using var bare = Load(configuration, "certificate", configuration.Edge.Certificate);
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(configuration.PathOf(configuration.Edge.Key)));
        return KeyedCertificate.Join(bare, key);
    }
}
