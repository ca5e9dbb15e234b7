using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Hosting.Certificates;

/// <summary>A certificate that is replaced while it is in use. Reading is safe from any thread; replacing is for one at a time. Owns what it holds.</summary>
public sealed class RenewedCertificate(X509Certificate2 first) : IDisposable
{
    private X509Certificate2 current = first;
    private X509Certificate2? former;

    /// <summary>As it is now: to be asked for at each handshake.</summary>
    public X509Certificate2 Current => Volatile.Read(ref current);

    /// <summary>Puts the next one in its place. Handshakes under way may still use the one before, which is kept until the next time.</summary>
    public void Replace(X509Certificate2 next)
    {
        former?.Dispose();
        former = Current;
        Volatile.Write(ref current, next);
    }

    public void Dispose()
    {
        former?.Dispose();
        Current.Dispose();
    }
}
