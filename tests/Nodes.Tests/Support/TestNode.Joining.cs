using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Providers.Memory;

namespace PasswordSync.Nodes.Tests.Support;

internal sealed partial class TestNode
{
    private static readonly PbeParameters KeyEncryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000);

    /// <summary>Starts a further node of this one's cluster, over the same database, as an administrator would: own key, request signed now or earlier, keys from here.</summary>
    public async Task<TestNode> JoinAsync(
        string name, IReadOnlyDictionary<string, MemoryTarget> targets, CancellationToken cancellationToken, MemoryScript? script = null, TimeSpan? signedAgo = null, string? label = null)
    {
        var folder = Directory.CreateTempSubdirectory("passwordsync-node-").FullName;
        var data = Directory.CreateDirectory(Path.Combine(folder, "data")).FullName;
        foreach (var file in (string[])["scopes.json", "points.json", "passphrase"]) File.Copy(Path.Combine(Folder, file), Path.Combine(folder, file));
        var settings = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "node.json"), cancellationToken))!;
        settings["name"] = name;
        if (label is not null) settings["labels"] = new JsonArray(label);
        settings["join"] = new JsonArray(Server.Addresses[0].ToString());
        await File.WriteAllTextAsync(Path.Combine(folder, "node.json"), settings.ToJsonString(), cancellationToken);
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            await File.WriteAllTextAsync(Path.Combine(data, "node.key"), key.ExportEncryptedPkcs8PrivateKeyPem(Passphrase, KeyEncryption), cancellationToken);
            var request = new CertificateRequest("CN=node", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
            using var authority = await ClusterAuthority.OpenOrCreateAsync(Path.Combine(Folder, "data"), Cluster, Passphrase, Clock.GetUtcNow(), cancellationToken);
            using var signed = authority.SignNode(request, new PeerName.Node(Cluster, name), ["127.0.0.1"], Clock.GetUtcNow() - (signedAgo ?? TimeSpan.Zero));
            await File.WriteAllTextAsync(Path.Combine(data, "node.pem"), signed.ExportCertificatePem(), Encoding.ASCII, cancellationToken);
        }

        File.Copy(Path.Combine(Folder, "data", "ca.pem"), Path.Combine(data, "ca.pem"));
        var node = new TestNode(folder, Clock);
        await node.StartServerAsync(targets, script, cancellationToken);
        node.Edge = await ConnectAsync(new PeerName.Edge(Cluster, Source, DomainController), cancellationToken);
        node.Edge.BaseAddress = node.Server.Addresses[0];
        return node;
    }
}
