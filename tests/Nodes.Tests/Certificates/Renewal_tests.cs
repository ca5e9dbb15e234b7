using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.EdgeNode;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Settings;
using Shouldly;
using Xunit;
using CertificateWatch = PasswordSync.EdgeNode.CertificateWatch;

namespace PasswordSync.Nodes.Tests.Certificates;

/// <summary>Edges and joined nodes get their next certificates by themselves, from the real node that has the authority's key.</summary>
public sealed class Renewal_tests : IAlarmSink, IDisposable
{
    private static readonly Dictionary<string, MemoryTarget> NoTargets = [];
    private static readonly PeerName.Edge Name = new(TestNode.Cluster, TestNode.Source, TestNode.DomainController);
    private static readonly TimeSpan Old = TimeSpan.FromDays(250);

    private readonly string folder = Directory.CreateTempSubdirectory("passwordsync-renewal-").FullName;
    private readonly TaskCompletionSource looked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task An_edge_gets_its_next_certificate_by_itself_and_shows_it_from_then_on()
    {
        await using var node = await StartAsync(server: null);
        var configuration = await EnrolAsync(node, Old);
        using var certificates = EdgeCertificates.Open(configuration, DateTimeOffset.UtcNow);
        using var http = EdgeConnections.ToNodes(TestNode.Cluster, certificates, TimeProvider.System);
        var before = X509CertificateLoader.LoadCertificate(certificates.Certificate.RawData);
        using var ending = new CancellationTokenSource();

        // The first one does not answer; the second one has the authority's key.
        var watch = new CertificateWatch(certificates, http, () => [new Uri("https://127.0.0.1:1/"), node.Server.Addresses[0]], this, new SlowClock(factor: 8), node.Log.CreateLogger<CertificateWatch>()).RunAsync(ending.Token);
        await looked.Task.WaitAsync(Token);
        await ending.CancelAsync();
        await watch;

        var now = DateTimeOffset.UtcNow;
        CertificateTerm.EndOf(certificates.Certificate).ShouldBe(now.AddDays(365), TimeSpan.FromMinutes(10));
        certificates.Certificate.PublicKey.EncodedKeyValue.RawData.ShouldNotBe(before.PublicKey.EncodedKeyValue.RawData, "each certificate has a key of its own");
        PeerName.TryRead(certificates.Certificate, out var name).ShouldBeTrue();
        name.ShouldBe(Name);
        ClusterAuthority.SignedAt(certificates.Certificate).ShouldBeLessThan(now.AddMinutes(-4), "a revocation that has just begun elsewhere covers it");
        node.Log.All.ShouldContain(line => line.Contains($"Signed the next certificate of {Name.ToUri()}, serial {certificates.Certificate.SerialNumber}"));
        var kept = Path.Combine(folder, "data", "renewed.pem");
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(kept).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        using var afterRestart = EdgeCertificates.Open(configuration, now);
        afterRestart.Certificate.Thumbprint.ShouldBe(certificates.Certificate.Thumbprint);
        (await AskAsync(node, afterRestart)).ShouldBe(HttpStatusCode.OK);

        // What a crash while it was written would leave, and the lack of it: the former certificate goes on.
        await File.WriteAllTextAsync(kept, (await File.ReadAllTextAsync(kept, Token))[..600], Token);
        using (var damaged = EdgeCertificates.Open(configuration, now)) damaged.Certificate.Thumbprint.ShouldBe(before.Thumbprint);
        File.Delete(kept);
        using var former = EdgeCertificates.Open(configuration, now);
        former.Certificate.Thumbprint.ShouldBe(before.Thumbprint);
        (await AskAsync(node, former)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_signs_for_the_name_that_is_shown_and_in_the_second_half_of_its_life_only()
    {
        await using var node = await StartAsync(server: null);
        using var old = await node.ConnectAsync(Name, Token, ago: Old);
        using var young = await node.ConnectAsync(Name, Token, ago: TimeSpan.FromDays(180));
        using var homeless = await node.ConnectAsync(Name with { Source = new SourceId("omega") }, Token, ago: Old);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=dc2.alpha.test", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

        (await PostAsync(young, request)).ShouldBe((HttpStatusCode.Conflict, "A certificate is renewed in the second half of its life."));
        (await PostAsync(homeless, request)).ShouldBe((HttpStatusCode.Forbidden, "The source omega is none of this cluster's any more."));
        (await PostAsync(old, "no request")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync(old, new string('x', CertificateQuestion.RequestBytesMax + 1))).Status.ShouldBe(HttpStatusCode.BadRequest);
        var (status, text) = await PostAsync(old, request);
        status.ShouldBe(HttpStatusCode.OK);
        using (var signed = X509Certificate2.CreateFromPem(text))
        {
            PeerName.TryRead(signed, out var name).ShouldBeTrue();
            name.ShouldBe(Name, "whatever name the request has");
        }
    }

    [Fact]
    public async Task What_is_not_the_certificate_asked_for_is_not_taken()
    {
        using var fixture = new CertificateFixture();
        using var authority = await fixture.OpenAuthorityElsewhereAsync(Token);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        fixture.Clock.Advance(2 * Old);
        var now = fixture.Clock.GetUtcNow();
        using var present = authority.SignEdge(CertificateFixture.RequestOf(other), Name, now - Old);
        var renewal = new SelfRenewal(folder, Name, authority.Certificate);

        foreach (var (answer, said) in new (Func<string, string>, string)[]
        {
            (request => Pem(authority.SignEdge(request, Name with { DomainController = "dc2.alpha.test" }, now)), "stands for passwordsync://test/edge/alpha/dc2.alpha.test"),
            (_ => Pem(authority.SignEdge(CertificateFixture.RequestOf(other), Name, now)), "of another key"),
            (request => Pem(authority.SignEdge(request, Name, now - Old)), "ends no later"),
            (request => Pem(authority.SignEdge(request, Name, now.AddMinutes(20))), "Compare the clocks"),
            (_ => "no certificate", ""),
        })
        {
            using var http = new HttpClient(new HostileNode(answer));
            var failure = await Should.ThrowAsync<CryptographicException>(() => renewal.RenewAsync(http, [new Uri("https://node.test/")], present, default, fixture.Clock, Token));
            failure.Message.ShouldContain(said);
            File.Exists(renewal.File).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_kept_is_not_used_and_the_next_try_succeeds()
    {
        using var fixture = new CertificateFixture();
        using var authority = await fixture.OpenAuthorityElsewhereAsync(Token);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        fixture.Clock.Advance(2 * Old);
        using var present = authority.SignEdge(CertificateFixture.RequestOf(key), Name, fixture.Clock.GetUtcNow() - Old);
        var renewal = new SelfRenewal(folder, Name, authority.Certificate);
        using var http = new HttpClient(new HostileNode(request => Pem(authority.SignEdge(request, Name, fixture.Clock.GetUtcNow()))));
        Task<X509Certificate2> RenewAsync() => renewal.RenewAsync(http, [new Uri("https://node.test/")], present, CertificateFixture.Passphrase, fixture.Clock, Token);

        // Stands in the way of the temporary file, as a disk that takes no more would.
        var obstacle = Directory.CreateDirectory(renewal.File + ".tmp");
        (await Should.ThrowAsync<Exception>(RenewAsync)).ShouldBeAssignableTo<SystemException>();
        File.Exists(renewal.File).ShouldBeFalse();
        obstacle.Delete();

        using var renewed = await RenewAsync();

        renewed.HasPrivateKey.ShouldBeTrue();
        (await File.ReadAllTextAsync(renewal.File, Token)).ShouldContain("ENCRYPTED PRIVATE KEY");
        using var read = renewal.Read(CertificateFixture.Passphrase, fixture.Clock.GetUtcNow(), out var fault).ShouldNotBeNull();
        read.Thumbprint.ShouldBe(renewed.Thumbprint);
        fault.ShouldBeNull();
        renewal.Read(CertificateFixture.Passphrase, fixture.Clock.GetUtcNow().AddDays(366), out fault).ShouldBeNull("it is over");
        fault.ShouldBeNull("which is no fault");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_joined_node_is_renewed_by_the_node_with_the_authority_s_key_while_it_runs_and_starts_with_the_new_certificate()
    {
        await using var server = await PostgresServer.StartAsync(["fsync = off"], Token);
        await using var north = await StartAsync(server);
        await using var south = await north.JoinAsync("south", NoTargets, Token, signedAgo: Old);
        var configuration = NodeConfiguration.Read(Path.Combine(south.Folder, "node.json"));
        using var credentials = await OpenAsync(configuration);
        credentials.IsRenewalDue(DateTimeOffset.UtcNow.AddDays(365)).ShouldBeTrue();
        using var connections = new PeerConnections(credentials, TestNode.Cluster, TimeProvider.System);

        await Eventually.HoldsAsync("the other node to say whom to ask", TimeSpan.FromMinutes(5), async _ =>
            (await Should.ThrowAsync<HttpRequestException>(() => RenewAsync([south.Server.Addresses[0]]))).Message.Contains("421 The authority's key (ca.key) is not at node south: ask another one.", StringComparison.Ordinal), Token);

        // The node itself asks at its start, and may have been quicker than its first heart beat: then it is refused, and asks again a quarter of an hour later.
        await Eventually.HoldsAsync("the node to be at work, and renewed", TimeSpan.FromMinutes(5), async _ =>
        {
            using var present = await OpenAsync(configuration);
            if (!present.IsRenewalDue(DateTimeOffset.UtcNow)) return true;
            try
            {
                await RenewAsync([south.Server.Addresses[0], north.Server.Addresses[0]]);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException)
            {
                // It is not at work yet, or an answer took too long; or it writes the same file just now.
            }

            return false;
        }, Token);

        north.Log.All.ShouldContain(line => line.Contains("Signed the next certificate of passwordsync://test/node/south"));
        using var after = await OpenAsync(configuration);
        CertificateTerm.EndOf(after.Certificate).ShouldBe(DateTimeOffset.UtcNow.AddDays(365), TimeSpan.FromMinutes(10));
        after.Certificate.MatchesHostname("127.0.0.1").ShouldBeTrue("it is reached by the same names");

        Task RenewAsync(Uri[] nodes) => credentials.RenewAsync(connections.To(""), nodes, CertificateFixture.Passphrase, TimeProvider.System, Token);
        static Task<NodeCredentials> OpenAsync(NodeConfiguration configuration) => NodeCredentials.OpenAsync(configuration, [], CertificateFixture.Passphrase, DateTimeOffset.UtcNow, Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task An_edge_that_was_revoked_an_instant_ago_at_another_node_gets_no_next_certificate()
    {
        await using var server = await PostgresServer.StartAsync(["fsync = off"], Token);
        await using var node = await StartAsync(server);
        using var edge = await node.ConnectAsync(Name, Token, ago: Old);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=edge", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        (await PostAsync(edge, request)).Status.ShouldBe(HttpStatusCode.OK);

        // As another node would write it; this one reads what is revoked every five seconds.
        await server.RunSqlAsync("INSERT INTO passwordsync.edge_revocation SELECT 'alpha', 'dc1.alpha.test', (extract(epoch FROM now()) * 1000000)::bigint, 'somebody', NULL", Token);

        var (status, text) = await PostAsync(edge, request);
        status.ShouldBe(HttpStatusCode.Forbidden);
        text.ShouldContain("was revoked at");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    void IAlarmSink.Raise(EdgeAlarm alarm) => looked.TrySetException(new InvalidOperationException(alarm.Sentence));

    void IAlarmSink.Clear<TAlarm>() => looked.TrySetResult();

    private static async Task<TestNode> StartAsync(PostgresServer? server)
    {
        if (server is null) return await TestNode.StartAsync(NoTargets, Token);
        var passwordFile = Path.Combine(server.Folder, "database-password");
        await File.WriteAllTextAsync(passwordFile, PostgresServer.AdministratorPassword, Token);

        // Nobody is to be taken for dead whom a busy machine keeps waiting.
        return await TestNode.StartAsync(NoTargets, Token, database: new { kind = "postgres", connection = server.ConnectionStringWithoutPassword, password = $"file:{passwordFile}", expiry = "00:05:00" });
    }

    private static string Pem(X509Certificate2 certificate)
    {
        using (certificate) return certificate.ExportCertificatePem();
    }

    private async Task<EdgeSettingsFile> EnrolAsync(TestNode node, TimeSpan ago)
    {
        var configuration = await CertificateFixture.ConfigureEdgeAsync(folder, Token);
        using var authority = await ClusterAuthority.OpenOrCreateAsync(Path.Combine(node.Folder, "data"), TestNode.Cluster, CertificateFixture.Passphrase, DateTimeOffset.UtcNow, Token);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(configuration.PathOf("edge.key"), key.ExportPkcs8PrivateKeyPem(), Token);
        await File.WriteAllTextAsync(configuration.PathOf("ca.pem"), authority.Certificate.ExportCertificatePem(), Token);
        await File.WriteAllTextAsync(configuration.PathOf("edge.pem"), Pem(authority.SignEdge(CertificateFixture.RequestOf(key), Name, DateTimeOffset.UtcNow - ago)), Token);
        return configuration;
    }

    private static async Task<HttpStatusCode> AskAsync(TestNode node, EdgeCertificates certificates)
    {
        using var http = EdgeConnections.ToNodes(TestNode.Cluster, certificates, TimeProvider.System);
        using var answer = await http.GetAsync(new Uri(node.Server.Addresses[0], EdgeConfiguration.Path), Token);
        return answer.StatusCode;
    }

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(HttpClient http, string body)
    {
        using var content = new StringContent(body);
        using var answer = await http.PostAsync(new Uri(SelfRenewal.Path, UriKind.Relative), content, Token);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Token));
    }

    private sealed class HostileNode(Func<string, string> sign) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            new(HttpStatusCode.OK) { Content = new StringContent(sign(await request.Content!.ReadAsStringAsync(cancellationToken))) };
    }
}
