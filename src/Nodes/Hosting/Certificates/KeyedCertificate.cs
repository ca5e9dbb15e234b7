using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Hosting.Certificates;

/// <summary>A certificate together with its private key, as TLS wants it.</summary>
public static class KeyedCertificate
{
    /// <summary>Joins the two. The caller owns the result, and keeps both arguments.</summary>
    /// <exception cref="ArgumentException">The key is not the certificate's.</exception>
    public static X509Certificate2 Join(X509Certificate2 certificate, ECDsa key)
    {
        var together = certificate.CopyWithPrivateKey(key);
        if (!OperatingSystem.IsWindows()) return together;

        // Windows' TLS wants the key in a store of its own, which this round trip gives it.
        using (together) return X509CertificateLoader.LoadPkcs12(together.Export(X509ContentType.Pkcs12), null);
    }
}
