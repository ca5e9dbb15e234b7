using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Intake;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>The palette edge: edges that talk to real nodes over mutual TLS are seen, signed and refused.</summary>
public sealed class Edge_operations(LabServers servers)
{
    private const string Other = "dc2.alpha.test";

    private static readonly Dictionary<string, MemoryTarget> NoTargets = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task An_edge_that_is_gone_is_shown_and_named_to_people_of_its_source_until_it_is_back_with_what_it_kept()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        var clock = new ShiftedClock();
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token, clock: clock);
        using var admin = OperatorClient.First(node);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        await admin.UntilAsync("sync status", status => status.Rows("troubles").Count == 0, Token);
        (await admin.RunAsync("sync explain", Token, ("user", "ada"))).ToString().ShouldNotContain("edges that are gone");
        var kept = await node.CaptureAsync("ada", "Spring.2027!", 8, Token);

        clock.Forward(TimeSpan.FromSeconds(181));

        var status = await admin.UntilAsync("sync status", status => status.Rows("troubles") is [var row] && Text(row, "what") == $"edge alpha/{TestNode.DomainController}", Token);
        status.Rows("troubles").Single().GetProperty("remedy").GetString()!.ShouldContain("passwordsync-edge runs there");
        (await admin.RunAsync("edge list", Token)).Rows().Single().GetProperty("state").GetString().ShouldBe("gone");
        var named = (await admin.RunAsync("sync explain", Token, ("user", "ada"))).Rows("edges that are gone").Single();
        named.GetProperty("controller").GetString().ShouldBe(TestNode.DomainController);
        named.GetProperty("meaning").GetString()!.ShouldContain("waits in its spool");
        named.GetProperty("action").GetString()!.ShouldContain("PasswordSync.EdgeNode doctor");
        var never = (await admin.RunAsync("sync explain", Token, ("user", "bob"))).Rows("sources").Single();
        never.GetProperty("why").GetString()!.ShouldStartWith("No edge of this source was heard of since ");

        // Started again it brings what it kept.
        await node.SendAsync(Token, kept);
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess && e.CaptureId == kept.CaptureId, Token);
        await admin.UntilAsync("sync status", status => status.Rows("troubles").Count == 0, Token);
        (await admin.RunAsync("edge list", Token)).Rows().Single().GetProperty("state").GetString().ShouldBe("here");
        (await admin.RunAsync("sync explain", Token, ("user", "ada"))).ToString().ShouldNotContain("edges that are gone");
        beta.SignIn("ada", "Spring.2027!").ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task An_edge_is_listed_with_what_it_tells_and_until_when_its_certificate_is_good()
    {
        await using var node = await TestNode.StartAsync(NoTargets, Token);
        using var admin = OperatorClient.First(node);
        using var request = new HttpRequestMessage(HttpMethod.Get, EdgeConfiguration.Path);
        request.Headers.TryAddWithoutValidation(EdgeReport.Header, new EdgeReport(42, 4_096, DateTimeOffset.UtcNow).ToHeader());
        (await node.Edge.SendAsync(request, Token)).Dispose();

        var edge = (await admin.RunAsync("edge list", Token)).Rows().Single();

        (Text(edge, "source"), Text(edge, "controller"), Text(edge, "state"), Text(edge, "spool")).ShouldBe(("alpha", TestNode.DomainController, "here", "42"));
        edge.GetProperty("certificateUntil").GetDateTimeOffset().ShouldBeInRange(DateTimeOffset.UtcNow.AddDays(364), DateTimeOffset.UtcNow.AddDays(366));
        var shown = await admin.RunAsync("edge show", Token, ("controller", TestNode.DomainController.ToUpperInvariant()));
        shown.Fact("certificate").ShouldMatch("^[0-9A-F]{30,34}$");
        (shown.Fact("captures in its spool"), shown.Fact("revoked")).ShouldBe(("42", "never"));
        (await admin.RefusedAsync(HttpStatusCode.NotFound, "edge show", Token, ("controller", Other))).ShouldContain("Nothing was ever heard");
        (await admin.RefusedAsync(HttpStatusCode.NotFound, "edge show", Token, ("controller", Other), ("source", "omega"))).ShouldBe("There is no source 'omega': name one of alpha with -s.");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_signed_edge_is_let_in_a_revoked_one_is_not_for_ever_and_a_new_request_is()
    {
        await using var node = await TestNode.StartAsync(NoTargets, Token);
        using var admin = OperatorClient.First(node);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var edge = await SignedAsync(node, admin, key);
        (await StatusAsync(edge)).ShouldBe(HttpStatusCode.OK);
        var refused = await admin.RefusedAsync(HttpStatusCode.BadRequest, "edge sign", Token, ("controller", Other), ("request", "no request"));
        refused.ShouldContain("PasswordSync.EdgeNode request");

        await admin.RunAsync("edge revoke", Token, ("controller", Other), ("reason", "stolen"));

        (await StatusAsync(edge)).ShouldBe(HttpStatusCode.Forbidden, "also on a connection that was there before");
        (await StatusAsync(node.Edge)).ShouldBe(HttpStatusCode.OK, "another edge is not concerned");
        (await admin.RunAsync("edge show", Token, ("controller", Other))).Fact("revoked").ShouldEndWith("by admin: stolen");
        (await admin.RunAsync("sync status", Token)).Rows("edges").Select(row => Text(row, "state")).ShouldBe(["here", "revoked"]);
        await node.RestartAsync(NoTargets, null, Token);
        using var again = OperatorClient.First(node);
        using var stolen = await SignedAsync(node, again, key);
        edge.DefaultRequestHeaders.ConnectionClose = true;
        using (var response = await edge.GetAsync(new Uri(node.Server.Addresses[0], EdgeConfiguration.Path), Token))
        {
            response.StatusCode.ShouldBe(HttpStatusCode.Forbidden, "also after a restart");
            (await response.Content.ReadAsStringAsync(Token)).ShouldContain("was revoked at");
        }

        (await StatusAsync(stolen)).ShouldBe(HttpStatusCode.OK, "what was signed since is another certificate");
        (await again.RunAsync("audit list", Token, ("limit", "1000"))).Rows().Where(row => Text(row, "operation").StartsWith("edge", StringComparison.Ordinal) && Text(row, "stage") == "done")
            .Select(row => Text(row, "operation")).ShouldBe(["edge sign", "edge revoke", "edge sign"]);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_revocation_holds_at_all_nodes_at_once()
    {
        await using var nodes = await TwoNodes.StartAsync(servers, NoTargets, Token);
        (await StatusAsync(nodes.North.Edge)).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(nodes.South.Edge)).ShouldBe(HttpStatusCode.OK);

        // A node that a busy machine keeps waiting is named instead: who revokes tells it again.
        await nodes.AtSouth.UntilAsync("edge revoke", revoked => revoked.Fact("nodes") == "all that live refuse them now", Token, ("controller", TestNode.DomainController));

        (await StatusAsync(nodes.North.Edge)).ShouldBe(HttpStatusCode.Forbidden);
        (await StatusAsync(nodes.South.Edge)).ShouldBe(HttpStatusCode.Forbidden);
        (await nodes.AtSouth.RefusedAsync(HttpStatusCode.Conflict, "edge sign", Token, ("controller", Other), ("request", "x"))).ShouldContain("ca.key");
    }

    // As an edge is set up: a request of its own key, signed through the operations. In the second of a revocation nothing is signed for that edge.
    private static async Task<HttpClient> SignedAsync(TestNode node, OperatorClient admin, ECDsa key)
    {
        var request = new CertificateRequest("CN=edge", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        while (true)
        {
            using var response = await admin.TryAsync("edge sign", Token, ("controller", Other), ("request", request));
            var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token)).RootElement;
            if (response.StatusCode == HttpStatusCode.Conflict)
            {
                await Task.Delay(Eventually.LookInterval, Token);
                continue;
            }

            using var certificate = X509Certificate2.CreateFromPem(answer.GetProperty("sections")[0].GetProperty("document").GetString());
            var handler = new SocketsHttpHandler();
            handler.SslOptions.ClientCertificates = [certificate.CopyWithPrivateKey(key)];
            var root = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(node.Folder, "data", "ca.pem"));
            handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown is X509Certificate2 peer && PeerTrust.TryIdentify(peer, root, TestNode.Cluster, DateTimeOffset.UtcNow, out _, out _);
            return new HttpClient(handler) { BaseAddress = node.Server.Addresses[0] };
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient edge)
    {
        using var response = await edge.GetAsync(new Uri(EdgeConfiguration.Path, UriKind.Relative), Token);
        return response.StatusCode;
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
