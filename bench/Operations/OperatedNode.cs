using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Lab;
using PasswordSync.Providers;
using PasswordSync.SyncNode;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.Operations.Bench;

/// <summary>A whole sync server in this process, on PostgreSQL, with two instant targets; its trouble goes to the error output.</summary>
internal sealed class OperatedNode : IAsyncDisposable
{
    private static readonly byte[] Passphrase = "a passphrase for the bench"u8.ToArray();

    private readonly string folder;
    private readonly ILoggerFactory loggers;
    private readonly SyncServer server;

    private OperatedNode(string folder, ILoggerFactory loggers, SyncServer server) => (this.folder, this.loggers, this.server) = (folder, loggers, server);

    /// <summary>Writes the files of a node with two instant targets into an empty folder.</summary>
    public static async Task ConfigureAsync(string folder, PostgresServer database)
    {
        await ConfigureAsync(
            folder,
            database,
            schema: "passwordsync",
            $$"""
            { "scopes": [{ "name": "{{People.Scope}}", "source": "{{People.Source.Value}}", "baseDn": "DC=corp,DC=example", "points": ["files", "mail"] }] }
            """,
            """
            { "points": [{ "name": "files", "provider": "instant", "settings": {} }, { "name": "mail", "provider": "instant", "settings": {} }] }
            """);
    }

    /// <summary>Writes the files of a node into an empty folder.</summary>
    public static async Task ConfigureAsync(string folder, PostgresServer database, string schema, string scopes, string points)
    {
        await File.WriteAllBytesAsync(Path.Combine(folder, "passphrase"), Passphrase);
        await File.WriteAllTextAsync(Path.Combine(folder, "database-password"), PostgresServer.AdministratorPassword);
        await File.WriteAllTextAsync(Path.Combine(folder, "node.json"), $$"""
            {
              "cluster": "{{People.Cluster}}",
              "name": "bench",
              "data": "data",
              "listen": ["127.0.0.1:0"],
              "advertise": [],
              "allow": { "endpoints": [], "files": [], "secrets": [] },
              "admin": { "listen": ["127.0.0.1:0"] },
              "passphrase": "file:passphrase",
              "scopes": "scopes.json",
              "points": "points.json",
              "sources": { "{{People.Source.Value}}": { "servers": ["127.0.0.1:1"], "security": "ldaps" } },
              "database": { "kind": "postgres", "connection": "{{database.ConnectionStringWithoutPassword}}", "password": "file:database-password", "schema": "{{schema}}" }
            }
            """);
        await File.WriteAllTextAsync(Path.Combine(folder, "scopes.json"), scopes);
        await File.WriteAllTextAsync(Path.Combine(folder, "points.json"), points);
    }

    public static async Task<OperatedNode> StartAsync(string folder, Action<IdentityId, IdentityEvent> observe)
    {
        var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning).AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        var configuration = NodeConfiguration.Read(Path.Combine(folder, "node.json"));
        var server = await SyncServer.StartAsync(configuration, new ProviderRegistry([new InstantTarget()]), observe, TimeProvider.System, loggers, CancellationToken.None);
        while (server.Engine.Ownership.Shards.Count == 0) await Task.Delay(TimeSpan.FromMilliseconds(10));
        return new OperatedNode(folder, loggers, server);
    }

    /// <summary>A client with the token of the first administrator.</summary>
    public HttpClient ConnectOperator()
    {
        var pinned = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "data", "admin.pem"));
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && pinned.RawData.AsSpan().SequenceEqual(certificate.GetRawCertData());
        var client = new HttpClient(handler) { BaseAddress = server.AdminAddresses[0], Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = new("Bearer", File.ReadAllText(Path.Combine(folder, "data", "first-administrator.token")).Trim());
        return client;
    }

    /// <summary>A client with the certificate of an edge.</summary>
    public async Task<HttpClient> ConnectEdgeAsync()
    {
        var now = DateTimeOffset.UtcNow;
        using var authority = await ClusterAuthority.OpenOrCreateAsync(Path.Combine(folder, "data"), People.Cluster, Passphrase, now, CancellationToken.None);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=edge", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var signed = authority.SignEdge(request, new PeerName.Edge(People.Cluster, People.Source, People.DomainController), now);
        var root = X509CertificateLoader.LoadCertificate(authority.Certificate.RawData);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.ClientCertificates = [signed.CopyWithPrivateKey(key)];
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            certificate is X509Certificate2 peer && PeerTrust.TryIdentify(peer, root, People.Cluster, now, out var identified, out _) && identified is PeerName.Node;
        return new HttpClient(handler) { BaseAddress = server.Addresses[0] };
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        loggers.Dispose();
    }
}
