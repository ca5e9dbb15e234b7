using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Settings;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Cluster;

/// <summary>
/// What a node shows others, and whom it trusts. The node that made the cluster has the authority and signs its own certificate at each start; a node that joined has
/// one that was signed for it, and no authority.
/// </summary>
internal sealed class NodeCredentials : IDisposable
{
    private NodeCredentials(ClusterAuthority? authority, X509Certificate2 root, X509Certificate2 certificate)
    {
        Authority = authority;
        Root = root;
        Certificate = certificate;
    }

    /// <summary>The cluster's authority with its key; null where that is kept elsewhere.</summary>
    public ClusterAuthority? Authority { get; }

    /// <summary>The authority's certificate.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>The node's own certificate, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The file of the node's own key, encrypted with the node's passphrase.</summary>
    public static string KeyFile(NodeConfiguration configuration) => Path.Combine(configuration.DataFolder, "node.key");

    /// <summary>The file of the certificate that was signed for the node.</summary>
    public static string CertificateFile(NodeConfiguration configuration) => Path.Combine(configuration.DataFolder, "node.pem");

    private static string RootFile(NodeConfiguration configuration) => Path.Combine(configuration.DataFolder, "ca.pem");

    /// <summary>Opens what the data folder has; makes the authority where the node is to make the cluster.</summary>
    /// <exception cref="SettingsException">A file is missing, or is not this node's.</exception>
    /// <exception cref="CryptographicException">The passphrase does not fit.</exception>
    public static async Task<NodeCredentials> OpenAsync(NodeConfiguration configuration, IEnumerable<string> hosts, ReadOnlyMemory<byte> passphrase, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var name = new PeerName.Node(configuration.Node.Cluster, configuration.Node.Name);
        if (!configuration.Node.Join.IsEmpty && !ClusterAuthority.IsIn(configuration.DataFolder)) return await OpenSignedAsync(configuration, name, passphrase, now, cancellationToken).ConfigureAwait(false);
        var authority = await ClusterAuthority.OpenOrCreateAsync(configuration.DataFolder, configuration.Node.Cluster, passphrase, now, cancellationToken).ConfigureAwait(false);
        return new NodeCredentials(authority, authority.Certificate, authority.IssueNode(name, hosts, now));
    }

    public void Dispose()
    {
        Certificate.Dispose();
        Root.Dispose();
        Authority?.Dispose();
    }

    private static async Task<NodeCredentials> OpenSignedAsync(
        NodeConfiguration configuration, PeerName.Node name, ReadOnlyMemory<byte> passphrase, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (keyFile, certificateFile, rootFile) = (KeyFile(configuration), CertificateFile(configuration), RootFile(configuration));
        foreach (var (file, remedy) in new[]
        {
            (keyFile, "the file does not exist: make the node's key and a request for it (request)."),
            (certificateFile, "the file does not exist: let a node that has the authority sign this node's request (sign-node), and put the certificate here."),
            (rootFile, "the file does not exist: copy ca.pem from a node of the cluster."),
        })
        {
            if (!File.Exists(file)) throw Fault(configuration, file, remedy);
        }

        using var key = ECDsa.Create();
        key.ImportFromEncryptedPem(await File.ReadAllTextAsync(keyFile, cancellationToken).ConfigureAwait(false), passphrase.Span);
        var root = X509CertificateLoader.LoadCertificateFromFile(rootFile);
        using var bare = X509CertificateLoader.LoadCertificateFromFile(certificateFile);
        if (!PeerTrust.TryIdentify(bare, root, name.Cluster, now, out var peer, out var refusal)) throw Fault(configuration, certificateFile, refusal);
        if (peer != name) throw Fault(configuration, certificateFile, $"it stands for {peer.ToUri()}, and this node is {name.ToUri()}: let this node's own request be signed.");
        return new NodeCredentials(authority: null, root, WithKey(bare, key));
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, ECDsa key)
    {
        using var together = certificate.CopyWithPrivateKey(key);

        // Windows' TLS wants the key in a store of its own, which this round trip gives it.
        return OperatingSystem.IsWindows() ? X509CertificateLoader.LoadPkcs12(together.Export(X509ContentType.Pkcs12), null) : certificate.CopyWithPrivateKey(key);
    }

    private static SettingsException Fault(NodeConfiguration configuration, string found, string remedy) => new(configuration.File, [new Hosting.Settings.SettingFault("join", found, remedy)]);
}
