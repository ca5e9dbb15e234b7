using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.SyncNode.Admin;

/// <summary>
/// The certificate of the admin listener. Its key lives in <c>admin.key</c> of the data folder, encrypted with the passphrase, so that it stays the same over
/// restarts and clients can pin it; the certificate is made anew at each start, signed by itself, and written to <c>admin.pem</c>, for clients to be given.
/// </summary>
/// <remarks>Not by the cluster's authority: not every node has its key, and what operators trust should not be what edges trust.</remarks>
public static class AdminCertificate
{
    private static readonly PbeParameters KeyEncryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 100_000);

    private static readonly TimeSpan Validity = TimeSpan.FromDays(3650);

    // Clocks differ: what is made now must be valid at a machine that is a little behind.
    private static readonly TimeSpan Backdating = TimeSpan.FromMinutes(10);

    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>Opens the key or makes it, and signs a certificate for it. The caller owns it.</summary>
    /// <exception cref="CryptographicException">The passphrase does not fit the key.</exception>
    public static async Task<X509Certificate2> OpenAsync(
        string folder, string node, IEnumerable<string> hosts, ReadOnlyMemory<byte> passphrase, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        var keyFile = Path.Combine(folder, "admin.key");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(keyFile)) key.ImportFromEncryptedPem(await File.ReadAllTextAsync(keyFile, cancellationToken).ConfigureAwait(false), passphrase.Span);
        else await PrivateFile.WriteAsync(keyFile, key.ExportEncryptedPkcs8PrivateKeyPem(passphrase.Span, KeyEncryption), cancellationToken).ConfigureAwait(false);
        var certificate = Make(key, node, hosts, now);
        await File.WriteAllTextAsync(Path.Combine(folder, "admin.pem"), certificate.ExportCertificatePem() + "\n", cancellationToken).ConfigureAwait(false);
        return certificate;
    }

    private static X509Certificate2 Make(ECDsa key, string node, IEnumerable<string> hosts, DateTimeOffset now)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts.Distinct())
        {
            if (IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(host);
        }

        var request = new CertificateRequest($"CN={node}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([ServerAuthentication], critical: false));
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(now - Backdating, now + Validity);
    }

    /// <summary>What clients pin: SHA-256 of the public key, as <c>sha256:</c> and 64 hexadecimal digits.</summary>
    public static string FingerprintOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return $"sha256:{Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()))}";
    }
}
