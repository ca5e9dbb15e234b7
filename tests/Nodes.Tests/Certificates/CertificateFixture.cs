using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.Nodes.Tests.Certificates;

/// <summary>A folder for one node, with a clock of its own.</summary>
internal sealed class CertificateFixture : IDisposable
{
    public static readonly byte[] Passphrase = TestNode.Passphrase;

    public ManualClock Clock { get; } = new();

    public LogLines Log { get; } = new();

    public string Folder { get; } = Directory.CreateTempSubdirectory("passwordsync-certificates-").FullName;

    public async Task<NodeConfiguration> ConfigureAsync(bool joins, CancellationToken cancellationToken)
    {
        await TestNode.WriteConfigurationAsync(Folder, ["beta"], new { kind = "sqlite" }, new { }, cancellationToken);
        var file = Path.Combine(Folder, "node.json");
        if (joins) await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, cancellationToken)).Replace("{\"cluster\"", "{\"join\":[\"https://127.0.0.1:1\"],\"cluster\"", StringComparison.Ordinal), cancellationToken);
        var configuration = NodeConfiguration.Read(file);
        Directory.CreateDirectory(configuration.DataFolder);
        return configuration;
    }

    /// <summary>Writes an edge's configuration; its key and certificates are to be put beside it.</summary>
    public static async Task<EdgeSettingsFile> ConfigureEdgeAsync(string folder, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, "edge.json");
        var settings = new
        {
            cluster = TestNode.Cluster,
            source = TestNode.Source.Value,
            domainController = TestNode.DomainController,
            nodes = new[] { "https://127.0.0.1:1" },
            authority = "ca.pem",
            certificate = "edge.pem",
            key = "edge.key",
            data = "data",
            socket = Path.Combine(folder, "edge.socket"),
            drop = "drop",
            captureFile = "capture",
            directory = new { server = "127.0.0.1:1", security = "none" },
        };
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(settings), cancellationToken);
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        return EdgeSettingsFile.Read(file);
    }

    public Task<NodeCredentials> OpenAsync(NodeConfiguration configuration, CancellationToken cancellationToken) =>
        NodeCredentials.OpenAsync(configuration, ["localhost"], Passphrase, Clock.GetUtcNow(), cancellationToken);

    /// <summary>The cluster's authority, which is at another node.</summary>
    public async Task<ClusterAuthority> OpenAuthorityElsewhereAsync(CancellationToken cancellationToken)
    {
        var elsewhere = Path.Combine(Folder, "elsewhere");
        await TestAuthority.PutAsync(elsewhere, Clock.GetUtcNow(), cancellationToken);
        return await ClusterAuthority.OpenOrCreateAsync(elsewhere, TestNode.Cluster, Passphrase, Clock.GetUtcNow(), cancellationToken);
    }

    /// <summary>Lets days pass, from one look at the certificates to the next.</summary>
    public async Task PassAsync(int days)
    {
        var end = Clock.GetUtcNow().AddDays(days);
        while (Clock.GetUtcNow() < end)
        {
            await Clock.WhenArmedAsync(1);
            var (next, rest) = (Clock.NextTimer!.Value, end - Clock.GetUtcNow());
            Clock.Advance(next < rest ? next : rest);
        }

        await Clock.WhenArmedAsync(1);
    }

    public static string RequestOf(ECDsa key) => new CertificateRequest("CN=anybody", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
