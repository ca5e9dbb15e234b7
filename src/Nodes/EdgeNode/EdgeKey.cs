using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.EdgeNode;

/// <summary>The key pair of the edge's first certificate.</summary>
internal static class EdgeKey
{
    /// <summary>Makes it, if there is none yet, and a certificate request for it.</summary>
    /// <returns>The request, PKCS #10 in PEM.</returns>
    /// <exception cref="CryptographicException">The file that is there holds no key.</exception>
    public static async Task<string> RequestAsync(EdgeSettingsFile configuration, CancellationToken cancellationToken)
    {
        var file = configuration.PathOf(configuration.Edge.Key);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(file)) key.ImportFromPem(await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false));
        else await PrivateFile.WriteAsync(file, key.ExportPkcs8PrivateKeyPem(), cancellationToken).ConfigureAwait(false);
        return new CertificateRequest($"CN={configuration.Edge.DomainController}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }
}
