using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Hosting.Certificates;

/// <summary>The cluster's own certificate authority: P-256, in two files of a folder: <c>ca.pem</c> for everybody, and <c>ca.key</c>, encrypted with the cluster's passphrase.</summary>
public sealed class ClusterAuthority : IDisposable
{
    /// <summary>How long the authority itself is valid.</summary>
    public static readonly TimeSpan AuthorityValidity = TimeSpan.FromDays(3650);

    /// <summary>How long a certificate of a node or an edge is valid.</summary>
    public static readonly TimeSpan PeerValidity = TimeSpan.FromDays(365);

    // Clocks differ: what is signed now must be valid at a machine that is a little behind.
    private static readonly TimeSpan Backdating = TimeSpan.FromMinutes(10);
    private static readonly PbeParameters KeyEncryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 600_000);
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    private readonly X509Certificate2 signing;

    private ClusterAuthority(X509Certificate2 signing, X509Certificate2 certificate)
    {
        this.signing = signing;
        Certificate = certificate;
    }

    /// <summary>The authority's certificate, without its key. Owned by this object.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>When the authority signed a certificate, to the second.</summary>
    public static DateTimeOffset SignedAt(X509Certificate2 certificate) => CertificateTerm.BeginOf(certificate) + Backdating;

    /// <summary>Whether a folder has the authority's key.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, "ca.key"));

    /// <summary>Opens the authority of a folder, or makes it there.</summary>
    /// <exception cref="CryptographicException">The passphrase does not fit the key, or the files do not belong together.</exception>
    public static async Task<ClusterAuthority> OpenOrCreateAsync(string folder, string cluster, ReadOnlyMemory<byte> passphrase, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (certificateFile, keyFile) = (Path.Combine(folder, "ca.pem"), Path.Combine(folder, "ca.key"));
        if (!File.Exists(keyFile)) await CreateAsync(certificateFile, keyFile, cluster, passphrase, now, cancellationToken).ConfigureAwait(false);
        using var key = ECDsa.Create();
        key.ImportFromEncryptedPem(await File.ReadAllTextAsync(keyFile, cancellationToken).ConfigureAwait(false), passphrase.Span);
        var certificate = X509CertificateLoader.LoadCertificateFromFile(certificateFile);
        return new ClusterAuthority(certificate.CopyWithPrivateKey(key), certificate);
    }

    /// <summary>Makes and signs a key pair for a node: for serving and for calling others.</summary>
    /// <param name="name">Which node.</param>
    /// <param name="hosts">Names and addresses that others reach it by.</param>
    /// <param name="now">The time of signing.</param>
    /// <returns>The certificate with its key; the caller owns it.</returns>
    public X509Certificate2 IssueNode(PeerName.Node name, IEnumerable<string> hosts, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = SignNode(key, name, hosts, now);
        return KeyedCertificate.Join(certificate, key);
    }

    /// <summary>Signs the request of a node that joins. Only its public key is taken from it; which node it is, is said here by whoever signs.</summary>
    /// <param name="requestPem">A PKCS #10 request in PEM, with a P-256 key.</param>
    /// <param name="name">Which node.</param>
    /// <param name="hosts">Names and addresses that others reach it by.</param>
    /// <param name="now">The time of signing.</param>
    /// <exception cref="CryptographicException">The request is malformed, its signature is wrong, or its key is not of P-256.</exception>
    public X509Certificate2 SignNode(string requestPem, PeerName.Node name, IEnumerable<string> hosts, DateTimeOffset now)
    {
        using var key = KeyOf(requestPem);
        return SignNode(key, name, hosts, now);
    }

    /// <summary>Signs an edge's request. Only its public key is taken from it; who the edge is, is said here by whoever signs.</summary>
    /// <param name="requestPem">A PKCS #10 request in PEM, with a P-256 key.</param>
    /// <param name="name">Which edge.</param>
    /// <param name="now">The time of signing.</param>
    /// <exception cref="CryptographicException">The request is malformed, its signature is wrong, or its key is not of P-256.</exception>
    public X509Certificate2 SignEdge(string requestPem, PeerName.Edge name, DateTimeOffset now)
    {
        using var key = KeyOf(requestPem);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(name.ToUri());
        return Sign(key, $"CN={name.DomainController}", names, [ClientAuthentication], now, PeerValidity);
    }

    /// <summary>Signs what opens enrolment for a while.</summary>
    /// <param name="key">The key pair of the registration key.</param>
    /// <param name="name">Which registration key.</param>
    /// <param name="now">The time of signing.</param>
    /// <param name="validity">For how long from then on.</param>
    public X509Certificate2 SignRegistration(ECDsa key, PeerName.Registration name, DateTimeOffset now, TimeSpan validity)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(name.ToUri());
        return Sign(key, $"CN=registration key {name.Id}", names, [ClientAuthentication], now, validity);
    }

    public void Dispose()
    {
        signing.Dispose();
        Certificate.Dispose();
    }

    private static ECDsa KeyOf(string requestPem)
    {
        var request = CertificateRequest.LoadSigningRequestPem(requestPem, HashAlgorithmName.SHA256);
        var key = request.PublicKey.GetECDsaPublicKey() ?? throw new CryptographicException("The request's key is not an elliptic curve key: make the request with this product's own command (request).");
        if (key.KeySize == 256) return key;
        var size = key.KeySize;
        key.Dispose();
        throw new CryptographicException($"The request's key has {size} bits: P-256 is needed.");
    }

    private X509Certificate2 SignNode(ECDsa key, PeerName.Node name, IEnumerable<string> hosts, DateTimeOffset now)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(name.ToUri());
        foreach (var host in hosts.Distinct())
        {
            if (IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(host);
        }

        return Sign(key, $"CN={name.Name}", names, [ServerAuthentication, ClientAuthentication], now, PeerValidity);
    }

    private X509Certificate2 Sign(ECDsa key, string subject, SubjectAlternativeNameBuilder names, Oid[] usages, DateTimeOffset now, TimeSpan validity)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. usages], critical: false));
        request.CertificateExtensions.Add(names.Build());
        var end = now + validity;
        var last = CertificateTerm.EndOf(signing);
        return request.Create(signing, now - Backdating, end < last ? end : last, RandomNumberGenerator.GetBytes(16));
    }

    private static async Task CreateAsync(string certificateFile, string keyFile, string cluster, ReadOnlyMemory<byte> passphrase, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=PasswordSync authority of {cluster}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var certificate = request.CreateSelfSigned(now - Backdating, now + AuthorityValidity);

        // The certificate first: a crash between the two leaves no key, and both are made anew.
        await File.WriteAllTextAsync(certificateFile, certificate.ExportCertificatePem(), cancellationToken).ConfigureAwait(false);
        await PrivateFile.WriteAsync(keyFile, key.ExportEncryptedPkcs8PrivateKeyPem(passphrase.Span, KeyEncryption), cancellationToken).ConfigureAwait(false);
    }
}
