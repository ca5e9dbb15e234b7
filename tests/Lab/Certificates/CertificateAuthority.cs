using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Lab;

/// <summary>A private certificate authority for the servers of a test. ECDSA on P-256, valid from an hour ago for ten years.</summary>
public sealed class CertificateAuthority : IDisposable
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private readonly X509Certificate2 _root;

    private CertificateAuthority(X509Certificate2 root) => _root = root;

    /// <summary>The root certificate, without its private key.</summary>
    public X509Certificate2 Certificate => X509CertificateLoader.LoadCertificate(_root.RawData);

    /// <summary>The root certificate as PEM text, for a trust file.</summary>
    public string CertificatePem => _root.ExportCertificatePem();

    public static CertificateAuthority Create(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return new CertificateAuthority(request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddYears(10)));
    }

    /// <summary>Reads back what <see cref="Save"/> wrote.</summary>
    internal static CertificateAuthority Load(string certificateFile, string keyFile) =>
        new(X509Certificate2.CreateFromPemFile(certificateFile, keyFile));

    internal void Save(string certificateFile, string keyFile)
    {
        File.WriteAllText(certificateFile, CertificatePem);
        using var key = _root.GetECDsaPrivateKey()!;
        WritePrivate(keyFile, key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Writes a certificate and its private key for a server that is reached under these names and addresses.</summary>
    /// <param name="certificateFile">PEM file to write.</param>
    /// <param name="keyFile">PEM file to write (PKCS #8), readable by its owner only, as Samba insists.</param>
    /// <param name="names">DNS names; the first is also the subject. At least one.</param>
    /// <param name="addresses">IP addresses in the subject alternative name.</param>
    public void Issue(string certificateFile, string keyFile, IReadOnlyList<string> names, IReadOnlyList<IPAddress> addresses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={names[0]}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([ServerAuthentication], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_root, true, false));
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names) alternatives.AddDnsName(name);
        foreach (var address in addresses) alternatives.AddIpAddress(address);
        request.CertificateExtensions.Add(alternatives.Build());

        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        using var certificate = request.Create(_root, _root.NotBefore, _root.NotAfter, serial);
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        WritePrivate(keyFile, key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => _root.Dispose();

    private static void WritePrivate(string file, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(file, options);
        writer.Write(text);
    }
}
