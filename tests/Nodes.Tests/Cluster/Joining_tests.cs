using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using PasswordSync.Core.Intake;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Settings;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode;
using PasswordSync.SyncNode.Settings;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Cluster;

/// <summary>A second node gets its certificate signed and the cluster's keys from the first.</summary>
public sealed class Joining_tests : IAsyncLifetime
{
    private static readonly byte[] OwnPassphrase = "the second node's own passphrase"u8.ToArray();
    private static readonly MemoryTarget Target = new();
    private readonly string folder = Directory.CreateTempSubdirectory("passwordsync-joining-").FullName;
    private TestNode north = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => north = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = Target }, Token);

    public async ValueTask DisposeAsync()
    {
        await north.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_was_signed_gets_the_cluster_s_keys_and_serves_edges_with_them()
    {
        await PrepareAsync("south", "south");

        await using var south = await StartAsync();

        var published = await (await ConnectToAsync(south)).GetStringAsync(EdgeConfiguration.Path, Token);
        published.ShouldContain((await north.FetchConfigurationAsync(Token)).SealingKeys[0].Id);
        File.Exists(Path.Combine(folder, "data", "ca.key")).ShouldBeFalse("the authority stays where it was made");
        var wrapped = await File.ReadAllBytesAsync(Path.Combine(folder, "data", "keys.ring"), Token);
        wrapped.ShouldNotBe(await File.ReadAllBytesAsync(Path.Combine(north.Folder, "data", "keys.ring"), Token));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_whose_certificate_stands_for_another_name_does_not_start()
    {
        await PrepareAsync("south", signedFor: "west");

        (await Should.ThrowAsync<SettingsException>(StartAsync)).Message.ShouldContain("stands for passwordsync://test/node/west");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_nobody_signed_is_told_what_to_do()
    {
        await PrepareAsync("south", "south");
        File.Delete(Path.Combine(folder, "data", "node.pem"));

        (await Should.ThrowAsync<SettingsException>(StartAsync)).Message.ShouldContain("sign-node");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_reaches_no_other_says_which_it_tried_and_makes_no_keys_of_its_own()
    {
        await PrepareAsync("south", "south", join: "https://127.0.0.1:1");

        (await Should.ThrowAsync<SettingsException>(StartAsync)).Message.ShouldContain("https://127.0.0.1:1");

        File.Exists(Path.Combine(folder, "data", "keys.ring")).ShouldBeFalse();
    }

    [Theory(Timeout = 600_000)]
    [InlineData("node/v1/keys", "GET")]
    [InlineData("node/v1/keys/transfer", "POST")]
    public async Task An_edge_gets_nothing_of_the_key_ring(string path, string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "POST" ? new StringContent(new string('0', 130)) : null };

        using var response = await north.Edge.SendAsync(request, Token);

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await response.Content.ReadAsByteArrayAsync(Token)).ShouldBeEmpty();
    }

    private Task<SyncServer> StartAsync()
    {
        var configuration = NodeConfiguration.Read(Path.Combine(folder, "node.json"));
        return SyncServer.StartAsync(configuration, new ProviderRegistry([new MemoryProviderFactory(new Dictionary<string, MemoryTarget> { ["beta"] = Target }, null)]), (_, _) => { }, north.Clock, north.Log, Token);
    }

    private async Task<HttpClient> ConnectToAsync(SyncServer server)
    {
        var client = await north.ConnectAsync(new PeerName.Edge(TestNode.Cluster, TestNode.Source, TestNode.DomainController), Token);
        client.BaseAddress = server.Addresses[0];
        return client;
    }

    // What an administrator does: the node's own key and request, the authority's answer, and the authority's certificate.
    private async Task PrepareAsync(string name, string signedFor, string? join = null)
    {
        var data = Directory.CreateDirectory(Path.Combine(folder, "data")).FullName;
        foreach (var file in new[] { "scopes.json", "points.json" }) File.Copy(Path.Combine(north.Folder, file), Path.Combine(folder, file));
        var node = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(north.Folder, "node.json"), Token))!;
        node["name"] = name;
        node["join"] = new JsonArray(join ?? north.Server.Addresses[0].ToString());
        await File.WriteAllTextAsync(Path.Combine(folder, "node.json"), node.ToJsonString(), Token);
        await File.WriteAllBytesAsync(Path.Combine(folder, "passphrase"), OwnPassphrase, Token);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var encryption = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000);
        await File.WriteAllTextAsync(Path.Combine(data, "node.key"), key.ExportEncryptedPkcs8PrivateKeyPem(OwnPassphrase, encryption), Token);
        var request = new CertificateRequest("CN=anything", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        var passphrase = Encoding.UTF8.GetBytes((await File.ReadAllTextAsync(Path.Combine(north.Folder, "passphrase"), Token)).Trim());
        using var authority = await ClusterAuthority.OpenOrCreateAsync(Path.Combine(north.Folder, "data"), TestNode.Cluster, passphrase, north.Clock.GetUtcNow(), Token);
        using var signed = authority.SignNode(request, new PeerName.Node(TestNode.Cluster, signedFor), ["127.0.0.1"], north.Clock.GetUtcNow());
        await File.WriteAllTextAsync(Path.Combine(data, "node.pem"), signed.ExportCertificatePem(), Token);
        File.Copy(Path.Combine(north.Folder, "data", "ca.pem"), Path.Combine(data, "ca.pem"));
    }
}
