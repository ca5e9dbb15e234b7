using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Nodes.Tests.Support;

namespace PasswordSync.Operations.Tests.Support;

/// <summary>A folder with all that an edge of a test node needs, as an installation has it.</summary>
internal static class EdgeFolder
{
    /// <summary>Makes one of its own below the node's folder, with a certificate that the node's authority signed.</summary>
    public static async Task<EdgeSettingsFile> MakeAsync(TestNode node, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(Path.Combine(node.Folder, $"edge-{Path.GetRandomFileName()}")).FullName;
        using (var authority = await ClusterAuthority.OpenOrCreateAsync(Path.Combine(node.Folder, "data"), TestNode.Cluster, Encoding.UTF8.GetBytes(await File.ReadAllTextAsync(Path.Combine(node.Folder, "passphrase"), cancellationToken)), DateTimeOffset.UtcNow, cancellationToken))
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=edge", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
            using var signed = authority.SignEdge(request, new PeerName.Edge(TestNode.Cluster, TestNode.Source, TestNode.DomainController), DateTimeOffset.UtcNow);
            await PrivateFile.WriteAsync(Path.Combine(folder, "edge.key"), key.ExportPkcs8PrivateKeyPem(), cancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "edge.pem"), signed.ExportCertificatePem(), cancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), authority.Certificate.ExportCertificatePem(), cancellationToken);
        }

        PrivateFile.EnsureFolder(Path.Combine(folder, "data", "spool"));
        PrivateFile.EnsureFolder(Path.Combine(folder, "data"));
        PrivateFile.EnsureFolder(Path.Combine(folder, "drop"));
        Rights.Set(Path.Combine(folder, "data"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(Path.Combine(folder, "capture"), "settings of the helper", cancellationToken);
        return await WriteAsync(folder, node.Server.Addresses[0].ToString(), TestNode.DomainController, cancellationToken);
    }

    /// <summary>Writes edge.json, and reads it.</summary>
    public static async Task<EdgeSettingsFile> WriteAsync(string folder, string nodeAddress, string domainController, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, "edge.json");
        await File.WriteAllTextAsync(
            file,
            JsonSerializer.Serialize(new
            {
                cluster = TestNode.Cluster,
                source = TestNode.Source.Value,
                domainController,
                nodes = new[] { nodeAddress },
                authority = "ca.pem",
                certificate = "edge.pem",
                key = "edge.key",
                data = "data",
                socket = "edge.sock",
                drop = "drop",
                captureFile = "capture",
                directory = new { server = "127.0.0.1:1", security = "none" },
            }),
            cancellationToken);
        return EdgeSettingsFile.Read(file);
    }
}

/// <summary>Rights of files, where there are such.</summary>
internal static class Rights
{
    public static void Set(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, mode);
    }
}
