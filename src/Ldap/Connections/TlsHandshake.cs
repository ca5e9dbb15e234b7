using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Ldap;

/// <summary>Brings TLS up over a stream and says exactly what is wrong with a certificate.</summary>
internal static class TlsHandshake
{
    private const string ServerAuthenticationOid = "1.3.6.1.5.5.7.3.1";

    /// <summary>Owns <paramref name="inner"/> from the call on; disposes of it if the handshake fails.</summary>
    public static async Task<SslStream> RunAsync(Stream inner, LdapServer server, LdapOptions options, CancellationToken cancellationToken)
    {
        var expectedName = options.ExpectedName ?? server.Host;
        LdapException? refusal = null;
        var policy = options.Trust.CreatePolicy();
        policy.ApplicationPolicy.Add(new Oid(ServerAuthenticationOid));
        var tls = new SslStream(inner, leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = expectedName,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    CertificateChainPolicy = policy,
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                    {
                        refusal = Judge(server, expectedName, certificate as X509Certificate2, chain, errors);
                        return refusal is null;
                    },
                },
                cancellationToken).ConfigureAwait(false);
            return tls;
        }
        catch (Exception e)
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            if (refusal is not null) throw refusal;
            if (e is AuthenticationException or IOException)
                throw new LdapException(LdapErrorKind.TlsFailed, $"TLS with {server} failed: {e.InnerException?.Message ?? e.Message}", e);
            throw;
        }
    }

    private static LdapException? Judge(LdapServer server, string expectedName, X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None) return null;
        if (certificate is null) return new LdapException(LdapErrorKind.TlsFailed, $"{server} showed no certificate.");
        var found = Names(certificate);
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            var reason = Reason(chain);
            return new LdapException(
                LdapErrorKind.UntrustedCertificate,
                $"The certificate of {server} is not trusted: {reason} Subject: {certificate.Subject}; issuer: {certificate.Issuer}.")
            {
                Certificate = new LdapCertificateFailure(certificate.Subject, certificate.Issuer, reason, expectedName, found),
            };
        }

        var names = found.Count == 0 ? "no name" : string.Join(", ", found);
        var mismatch = $"It is made for {names}, not for {expectedName}.";
        return new LdapException(LdapErrorKind.WrongCertificateName, $"The certificate of {server} has the wrong name. {mismatch}")
        {
            Certificate = new LdapCertificateFailure(certificate.Subject, certificate.Issuer, mismatch, expectedName, found),
        };
    }

    private static string Reason(X509Chain? chain)
    {
        if (chain is null || chain.ChainStatus.Length == 0) return "its chain cannot be built.";
        return string.Join(" ", chain.ChainStatus.Select(status => $"{status.Status}: {status.StatusInformation.TrimEnd('.', ' ', '\r', '\n')}."));
    }

    private static List<string> Names(X509Certificate2 certificate)
    {
        var names = new List<string>();
        try
        {
            foreach (var extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
            {
                names.AddRange(extension.EnumerateDnsNames());
                names.AddRange(extension.EnumerateIPAddresses().Select(address => address.ToString()));
            }
        }
        catch (CryptographicException)
        {
            // The names are for the message only; what can be read of them is enough.
            return names;
        }

        return names;
    }
}
