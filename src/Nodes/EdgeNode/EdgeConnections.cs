using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PasswordSync.Capture.Resolution;
using PasswordSync.Core.Settings;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Settings;
using PasswordSync.Ldap;

namespace PasswordSync.EdgeNode;

/// <summary>Makes the edge's two connections: to nodes with its certificate, and to its own DC's directory.</summary>
public static class EdgeConnections
{
    /// <summary>How large a secret file may be, in bytes.</summary>
    private const int SecretBytesMax = 8_192;

    private const string RootsRemedy = "name PEM files with certificates of the authorities that the domain controller's comes from, or leave roots out for the system's.";

    /// <summary>An HTTPS client that shows the edge's certificate and trusts nodes of the edge's own cluster alone. The caller owns it.</summary>
    public static HttpClient ToNodes(string cluster, EdgeCertificates certificates, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(certificates);
        return ToNodes(cluster, () => certificates.Certificate, certificates.Authority, _ => { }, clock);
    }

    /// <summary>As above, with what is shown and trusted told apart. The caller owns it.</summary>
    /// <param name="cluster">The edge's own cluster.</param>
    /// <param name="own">What is shown at each handshake.</param>
    /// <param name="authority">Whose nodes are trusted.</param>
    /// <param name="refused">Hears why a node was not trusted, for people.</param>
    /// <param name="clock">The clock.</param>
    public static HttpClient ToNodes(string cluster, Func<X509Certificate2> own, X509Certificate2 authority, Action<string> refused, TimeProvider clock)
    {
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(5), UseProxy = false };
        handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => own();

        // The certificate must be one of this cluster's nodes; by which name or address the node was reached does not matter then.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) =>
        {
            var refusal = "it shows no certificate";
            if (shown is X509Certificate2 peer && PeerTrust.TryIdentify(peer, authority, cluster, clock.GetUtcNow(), out var name, out refusal))
            {
                if (name is PeerName.Node) return true;
                refusal = $"{name.ToUri()} is no node";
            }

            refused(refusal!);
            return false;
        };
        var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", $"PasswordSync-Edge/{Hosting.ProductVersion.Text}");
        return http;
    }

    /// <summary>A client of the DC's own directory. The caller owns it.</summary>
    public static async Task<LdapClient> ToDirectoryAsync(EdgeSettingsFile configuration, TimeProvider clock, CancellationToken cancellationToken)
    {
        var directory = configuration.Edge.Directory;
        var security = directory.Security switch
        {
            "ldaps" => LdapSecurity.Ldaps,
            "startTls" => LdapSecurity.StartTls,
            _ => LdapSecurity.None,
        };
        var roots = directory.Roots.Select(configuration.PathOf).ToList();
        var options = new LdapClientOptions
        {
            Servers = [LdapServer.Parse(directory.Server, security == LdapSecurity.Ldaps ? LdapServer.DefaultTlsPort : LdapServer.DefaultPort)],
            Connection = new LdapOptions
            {
                Security = security,
                Trust = roots.Count == 0 ? LdapTrust.SystemStore : await SettingsFile.UseAsync(configuration.File, "directory.roots", string.Join(", ", roots), RootsRemedy,
                    () => LdapTrust.FromPemFilesAsync(roots, cancellationToken)).ConfigureAwait(false),
                ConnectTimeout = TimeSpan.FromSeconds(5),
                RequestTimeout = TimeSpan.FromSeconds(10),
            },
        };

        // What the reference leads to is looked at once before anything starts; later the file may be replaced.
        if (directory.Password is not null) (await CredentialAsync(configuration, cancellationToken).ConfigureAwait(false)).Dispose();
        return new LdapClient(options, token => PresentCredentialAsync(configuration, token), clock);
    }

    // A password file that is just being replaced is trouble that passes, as a directory is that does not answer.
    private static async ValueTask<LdapCredential> PresentCredentialAsync(EdgeSettingsFile configuration, CancellationToken cancellationToken)
    {
        try
        {
            return await CredentialAsync(configuration, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SettingsException or IOException or UnauthorizedAccessException)
        {
            throw new DirectoryUnavailableException($"The account that reads the directory has no password now: {failure.Message}", failure);
        }
    }

    private static async ValueTask<LdapCredential> CredentialAsync(EdgeSettingsFile configuration, CancellationToken cancellationToken)
    {
        var directory = configuration.Edge.Directory;
        if (directory.User is null) return NegotiateCredential.Default;
        var reference = directory.Password!;
        var secret = SecretReference.FileOf(reference) is { } file
            ? await ReadAsync(configuration.PathOf(file), cancellationToken).ConfigureAwait(false)
            : SecretReference.VariableOf(reference) is { } variable ? Encoding.UTF8.GetBytes(Environment.GetEnvironmentVariable(variable) ?? "") : [];
        try
        {
            var trimmed = secret.AsSpan().TrimEnd("\r\n"u8);
            if (trimmed.IsEmpty) throw new SettingsException(configuration.File, [new SettingFault("directory.password", "", "the reference leads to nothing: use file:PATH or env:NAME.")]);
            return new SimpleCredential(directory.User, trimmed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static async Task<byte[]> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var info = new FileInfo(path);
        return info.Exists && info.Length <= SecretBytesMax ? await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false) : [];
    }
}
