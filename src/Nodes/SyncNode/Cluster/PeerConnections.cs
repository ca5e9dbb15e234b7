using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.SyncNode.Cluster;

/// <summary>HTTPS clients to other nodes: they show this node's certificate, and talk to nodes of the own cluster alone.</summary>
internal sealed class PeerConnections(NodeCredentials credentials, string cluster, TimeProvider clock) : IDisposable
{
    /// <summary>How long one connection may take to be made.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, HttpClient> clients = new(StringComparer.Ordinal);

    /// <summary>A client of one node, and of none that only claims its address; empty for any node. Owned by this object.</summary>
    public HttpClient To(string node) => clients.GetOrAdd(node, Connect);

    public void Dispose()
    {
        foreach (var client in clients.Values) client.Dispose();
    }

    private HttpClient Connect(string node)
    {
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = ConnectTimeout };
        handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => credentials.Certificate;
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) =>
            shown is X509Certificate2 peer
            && PeerTrust.TryIdentify(peer, credentials.Root, cluster, clock.GetUtcNow(), out var name, out _)
            && name is PeerName.Node other
            && (node.Length == 0 || other.Name == node);
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
