using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Ldap;

/// <summary>Which certificates of servers are believed. Revocation is not looked up and no certificate is fetched over the network.</summary>
public sealed class LdapTrust
{
    private readonly X509Certificate2Collection? roots;

    private LdapTrust(X509Certificate2Collection? roots) => this.roots = roots;

    /// <summary>The roots that the operating system trusts.</summary>
    public static LdapTrust SystemStore { get; } = new(roots: null);

    /// <summary>These roots and no others. Certificates among them that are not self-signed help to build the chain but are not trusted.</summary>
    /// <exception cref="ArgumentException">The collection is empty.</exception>
    public static LdapTrust CustomRoots(X509Certificate2Collection roots)
    {
        ArgumentNullException.ThrowIfNull(roots);
        if (roots.Count == 0) throw new ArgumentException("A list of trusted roots cannot be empty.", nameof(roots));
        return new LdapTrust(roots);
    }

    /// <summary>As <see cref="CustomRoots"/>, from files that each hold one or more certificates in PEM form.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="CryptographicException">A file holds something that is not a certificate.</exception>
    /// <exception cref="ArgumentException">A file holds no certificate.</exception>
    public static async Task<LdapTrust> FromPemFilesAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var roots = new X509Certificate2Collection();
        foreach (var path in paths)
        {
            var before = roots.Count;
            roots.ImportFromPem(await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false));
            if (roots.Count == before) throw new ArgumentException($"'{path}' holds no certificate in PEM form.", nameof(paths));
        }

        return CustomRoots(roots);
    }

    internal X509ChainPolicy CreatePolicy()
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (roots is null) return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(roots);
        return policy;
    }
}
