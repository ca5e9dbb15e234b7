using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Settings;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Cluster;

/// <summary>
/// What a node shows others, and whom it trusts. The node that made the cluster has the authority and signs its own certificate, at each start and again long before it ends; a
/// node that joined has one that was signed for it, and no authority: it lets the other node sign the next one. Safe from any thread.
/// </summary>
internal sealed class NodeCredentials : IDisposable
{
    private readonly Func<X509Certificate2, DateTimeOffset, X509Certificate2?> next;
    private readonly string ownRemedy;
    private readonly RenewedCertificate own;
    private readonly SelfRenewal? renewal;
    private ECDsa? installedKey;

    /// <param name="authority">With its key; null where that is kept elsewhere.</param>
    /// <param name="root">The authority's certificate.</param>
    /// <param name="certificate">The node's own.</param>
    /// <param name="next">Gives the certificate that follows the present one at a time; null while there is none.</param>
    /// <param name="renewal">Lets another node sign the next one; null where this node can.</param>
    /// <param name="ownRemedy">What to do if the node's own certificate ends all the same.</param>
    private NodeCredentials(
        ClusterAuthority? authority, X509Certificate2 root, X509Certificate2 certificate, Func<X509Certificate2, DateTimeOffset, X509Certificate2?> next, SelfRenewal? renewal, string ownRemedy)
    {
        this.renewal = renewal;
        Authority = authority;
        Root = root;
        own = new RenewedCertificate(certificate);
        this.next = next;
        this.ownRemedy = ownRemedy;
    }

    /// <summary>The cluster's authority with its key; null where that is kept elsewhere.</summary>
    public ClusterAuthority? Authority { get; }

    /// <summary>The authority's certificate.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>The node's own certificate, with its key, as it is now: to be asked for at each handshake.</summary>
    public X509Certificate2 Certificate => own.Current;

    /// <summary>What was wrong with the certificate that the node had renewed by itself, when it was read at the start, and what to do; null if nothing.</summary>
    public string? RenewedFault { get; private init; }

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
        string[] reachedBy = [.. hosts];
        return new NodeCredentials(authority, authority.Certificate, authority.IssueNode(name, reachedBy, now), Next, renewal: null, "it is renewed by itself unless the authority ends as well; the node's log says what is in the way.");

        X509Certificate2? Next(X509Certificate2 present, DateTimeOffset time) =>
            CertificateTerm.IsRenewalDue(present, time) && CertificateTerm.EndOf(authority.Certificate) > CertificateTerm.EndOf(present) ? authority.IssueNode(name, reachedBy, time) : null;
    }

    /// <summary>Takes the next certificate if there is one: signed by this node where it has the authority, else put into the data folder by people. To be called by one at a time.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="SettingsException">The file that was put there is not usable; the present certificate goes on.</exception>
    public bool Renew(DateTimeOffset now)
    {
        if (next(Certificate, now) is not { } renewed) return false;
        own.Replace(renewed);
        return true;
    }

    /// <summary>Whether it is time to ask another node for the next certificate.</summary>
    public bool IsRenewalDue(DateTimeOffset now) => renewal?.IsDue(Certificate, now) == true;

    /// <summary>Lets another node sign the next certificate, keeps it and takes it. To be called by one at a time.</summary>
    /// <param name="http">Shows the present certificate.</param>
    /// <param name="nodes">Where to ask.</param>
    /// <param name="passphrase">The node's.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HttpRequestException">No node signed; the message has each one's answer.</exception>
    /// <exception cref="CryptographicException">What was signed is not what was asked for.</exception>
    /// <exception cref="IOException">It cannot be kept, and is not used then.</exception>
    public async Task RenewAsync(HttpClient http, IReadOnlyCollection<Uri> nodes, ReadOnlyMemory<byte> passphrase, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (renewal is null) throw new InvalidOperationException("Internal error: a node with the authority asks nobody.");
        own.Replace(await renewal.RenewAsync(http, nodes, Certificate, passphrase, clock, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The certificates in use that end soon.</summary>
    public IEnumerable<EndingCertificate> FindEnding(DateTimeOffset now)
    {
        if (CertificateTerm.EndsSoon(Certificate, now)) yield return new EndingCertificate("The certificate of this node", CertificateTerm.EndOf(Certificate), ownRemedy);
        if (CertificateTerm.EndsSoon(Root, now))
        {
            yield return new EndingCertificate("The certificate of the cluster's authority (ca.pem)", CertificateTerm.EndOf(Root), "no node and no edge is trusted beyond that: make a new authority as docs/operations/cluster.md says.");
        }
    }

    public void Dispose()
    {
        own.Dispose();
        installedKey?.Dispose();
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

        var key = ECDsa.Create();
        try
        {
            key.ImportFromEncryptedPem(await File.ReadAllTextAsync(keyFile, cancellationToken).ConfigureAwait(false), passphrase.Span);
            var root = X509CertificateLoader.LoadCertificateFromFile(rootFile);
            var renewal = new SelfRenewal(configuration.DataFolder, name, root);
            return new NodeCredentials(
                authority: null, root, Latest(configuration, name, root, key, renewal.Read(passphrase.Span, now, out var fault), now), (present, time) => FindInstalled(configuration, name, root, key, present, time), renewal,
                $"this node cannot sign it, since the authority's key is elsewhere, and the node that has it did not (event 4322 says why). By hand: make a request (request), let that node sign it (sign-node --name {name.Name}), and put the certificate at {certificateFile}: it is taken within a day, or at a restart.")
            { installedKey = key, RenewedFault = fault };
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    // What people put there may be over when the node has renewed itself since; without such a one it must be good.
    private static X509Certificate2 Latest(NodeConfiguration configuration, PeerName.Node name, X509Certificate2 root, ECDsa key, X509Certificate2? renewed, DateTimeOffset now)
    {
        if (renewed is null)
        {
            using var only = Load(configuration, name, root, now);
            return KeyedCertificate.Join(only, key);
        }

        try
        {
            if (FindInstalled(configuration, name, root, key, renewed, now) is not { } installed) return renewed;
            renewed.Dispose();
            return installed;
        }
        catch (SettingsException)
        {
            return renewed;
        }
    }

    // What people put there after the present one was signed. The key is the one of the file: a request is made with the key that there is.
    private static X509Certificate2? FindInstalled(NodeConfiguration configuration, PeerName.Node name, X509Certificate2 root, ECDsa key, X509Certificate2 present, DateTimeOffset now)
    {
        var file = CertificateFile(configuration);
        try
        {
            using var bare = X509CertificateLoader.LoadCertificateFromFile(file);
            if (CertificateTerm.BeginOf(bare) <= CertificateTerm.BeginOf(present)) return null;
            using var proper = Load(configuration, name, root, now);
            return KeyedCertificate.Join(proper, key);
        }
        catch (Exception failure) when (failure is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Fault(configuration, file, $"it cannot be used with this node's key: {failure.Message}");
        }
    }

    private static X509Certificate2 Load(NodeConfiguration configuration, PeerName.Node name, X509Certificate2 root, DateTimeOffset now)
    {
        var file = CertificateFile(configuration);
        var bare = X509CertificateLoader.LoadCertificateFromFile(file);
        if (PeerTrust.TryIdentify(bare, root, name.Cluster, now, out var peer, out var refusal) && peer == name) return bare;
        bare.Dispose();
        throw Fault(configuration, file, refusal ?? $"it stands for {peer!.ToUri()}, and this node is {name.ToUri()}: let this node's own request be signed.");
    }

    private static SettingsException Fault(NodeConfiguration configuration, string found, string remedy) => new(configuration.File, [new SettingFault("join", found, remedy)]);
}
