using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.EdgeNode;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Enrolment;
using PasswordSync.Nodes.Tests.Certificates;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.SyncNode.Enrolment;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Enrolment;

/// <summary>An edge gets its first certificate from the real node with the file of a registration key, once, and whatever happens in between.</summary>
public sealed class Enrolment_tests(EnrolmentFixture fixture) : IClassFixture<EnrolmentFixture>
{
    private static readonly PeerName.Edge Name = new(TestNode.Cluster, TestNode.Source, TestNode.DomainController);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task An_edge_with_nothing_but_the_file_enrols_itself_speaks_to_the_node_and_removes_the_file()
    {
        var edge = await fixture.EdgeAsync("first", Token);
        var file = edge.PathOf("registration.json");
        var key = await fixture.MakeKeyAsync(file, uses: 1, Token);
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        key.ToString().ShouldBe($"registration key {key.Id}");

        await fixture.Enrolment(edge).EnsureAsync(Token);

        File.Exists(file).ShouldBeFalse("one use, and it is spent");
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(edge.PathOf("edge.key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var certificates = EdgeCertificates.Open(edge, DateTimeOffset.UtcNow);
        PeerName.TryRead(certificates.Certificate, out var name).ShouldBeTrue();
        name.ShouldBe(Name);
        CertificateTerm.EndOf(certificates.Certificate).ShouldBe(DateTimeOffset.UtcNow.AddDays(365), TimeSpan.FromMinutes(20));
        (await AskAsync(certificates)).ShouldBe(HttpStatusCode.OK);

        (await fixture.RunSqlAsync($"SELECT request FROM audit WHERE operation = 'edge enrol' AND stage = 'done' AND request LIKE '%{key.Id}'", Token)).ShouldBe([$"dc1.alpha.test source=alpha registration key={key.Id}"]);
        fixture.Node.Log.All.ShouldContain(line => line.Contains($"Enrolled {Name.ToUri()}, which asked from") && line.Contains("1 of 1 uses are taken"));

        // What a crash before the removal would leave is removed at the next start; a key that is made later is not.
        await key.WriteAsync(file, Token);
        await fixture.Enrolment(edge).EnsureAsync(Token);
        File.Exists(file).ShouldBeFalse();
        await (await fixture.MakeKeyAsync(TestNode.Source, 1, new EnrolmentFixture.WrongClock(TimeSpan.FromMinutes(10)), Token)).WriteAsync(file, Token);
        await fixture.Enrolment(edge).EnsureAsync(Token);
        File.Exists(file).ShouldBeTrue();

        // What the command did beside the running node is in the node's audit.
        await fixture.AuditedAsync(Token);
        (await fixture.RunSqlAsync($"SELECT operator || ' at the ' || origin || ': ' || operation || ', ' || stage || ', ' || request FROM audit WHERE after = 'registration key={key.Id}'", Token))
            .ShouldBe([$"{Environment.UserName} at the command line: registration-key, done, source=alpha uses=1 hours=24"]);

        // The secret of the key is in its file, and nowhere else.
        var secret = key.Key.Split('\n')[1];
        fixture.Node.Log.All.Concat(fixture.Log.All).ShouldAllBe(line => !line.Contains(secret));
        foreach (var kept in Directory.EnumerateFiles(fixture.Node.Folder, "*", SearchOption.AllDirectories).Where(kept => !kept.EndsWith(".lock", StringComparison.Ordinal))) (await ReadSharedAsync(kept)).ShouldNotContain(secret, Case.Sensitive, kept);
    }

    [Fact(Timeout = 600_000)]
    public async Task An_edge_that_was_cut_off_before_it_kept_its_certificate_gets_it_again_and_spends_no_further_use()
    {
        var edge = await fixture.EdgeAsync("cut-off", Token);
        var key = await fixture.MakeKeyAsync(edge.PathOf("registration.json"), uses: 1, Token);

        // Stands in the way of the certificate's temporary file: the node has signed, and nothing is kept.
        var obstacle = Directory.CreateDirectory(edge.PathOf("edge.pem") + ".tmp");
        (await Should.ThrowAsync<Exception>(() => fixture.EnrolAsync(edge, Token))).ShouldBeAssignableTo<SystemException>();
        (await UsedAsync(key)).Length.ShouldBe(1);
        File.Exists(edge.PathOf("edge.pem")).ShouldBeFalse();
        File.Exists(edge.PathOf("registration.json")).ShouldBeTrue();
        obstacle.Delete();

        await fixture.EnrolAsync(edge, Token);

        using var certificates = EdgeCertificates.Open(edge, DateTimeOffset.UtcNow);
        (await AskAsync(certificates)).ShouldBe(HttpStatusCode.OK);
        (await UsedAsync(key)).Length.ShouldBe(1);
        (await fixture.RunSqlAsync($"SELECT after FROM audit WHERE operation = 'edge enrol' AND request LIKE '%{key.Id}' ORDER BY number", Token)).Select(after => after.Split(", ")[^1]).ShouldBe(["use 1 of 1", "asked again"]);
    }

    [Fact(Timeout = 600_000)]
    public async Task Of_two_edges_that_race_for_one_use_one_is_enrolled_and_of_eight_for_three_three_are()
    {
        var (one, two) = (await fixture.EdgeAsync("one", Token), await fixture.EdgeAsync("two", Token, controller: "dc2.alpha.test"));
        await fixture.MakeKeyAsync(one.PathOf("registration.json"), uses: 1, Token);
        File.Copy(one.PathOf("registration.json"), two.PathOf("registration.json"));

        var ends = await Task.WhenAll(Race(one), Race(two));

        ends.Count(end => end is null).ShouldBe(1);
        ends.OfType<HttpRequestException>().ShouldHaveSingleItem().Message.ShouldContain("answers 403 The registration key is used up: 1 of 1, the last one by dc");
        new[] { one, two }.Count(edge => File.Exists(edge.PathOf("edge.pem"))).ShouldBe(1);

        var many = await fixture.MakeKeyAsync(TestNode.Source, uses: 3, TimeProvider.System, Token);
        using var http = fixture.Connect(many);
        var answers = await Task.WhenAll(Enumerable.Range(1, 8).Select(number => EnrolmentFixture.PostAsync(http, $"dc{number}.alpha.test", EnrolmentFixture.Request(), Token)));
        answers.Count(answer => answer.Status == HttpStatusCode.OK).ShouldBe(3);
        answers.Count(answer => answer.Status == HttpStatusCode.Forbidden && answer.Text.Contains("used up: 3 of 3")).ShouldBe(5);
        (await UsedAsync(many)).Length.ShouldBe(3);

        async Task<Exception?> Race(EdgeSettingsFile edge)
        {
            try
            {
                await fixture.EnrolAsync(edge, Token);
                return null;
            }
            catch (HttpRequestException failure)
            {
                return failure;
            }
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_refuses_by_name_what_is_replayed_withdrawn_revoked_over_or_of_another_source_and_locks_out_who_goes_on()
    {
        var key = await fixture.MakeKeyAsync(TestNode.Source, uses: 1, TimeProvider.System, Token);
        using var http = fixture.Connect(key);
        var request = EnrolmentFixture.Request();
        (await EnrolmentFixture.PostAsync(http, "not%20a%20host", request, Token)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await EnrolmentFixture.PostAsync(http, "lost.alpha.test", "no request", Token)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await UsedAsync(key)).ShouldBeEmpty("what cannot be signed spends nothing");
        (await EnrolmentFixture.PostAsync(http, "LOST.alpha.test", request, Token)).Status.ShouldBe(HttpStatusCode.OK);

        // The same request for another domain controller, and another key pair for the same one, are not the same edge asking again.
        (await EnrolmentFixture.PostAsync(http, "dc2.alpha.test", request, Token)).Text.ShouldContain("used up: 1 of 1, the last one by lost.alpha.test");
        (await EnrolmentFixture.PostAsync(http, "lost.alpha.test", EnrolmentFixture.Request(), Token)).Text.ShouldContain("used up");

        await fixture.RunSqlAsync($"INSERT INTO edge_revocation (source, domain_controller, at, by, reason) VALUES ('alpha', 'lost.alpha.test', {DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000}, 'somebody', NULL)", Token);
        (await EnrolmentFixture.PostAsync(http, "lost.alpha.test", request, Token)).Text.ShouldContain("after this registration key was made: make another one.");

        File.Delete(fixture.Keys.RecordOf(key.Id));
        (await EnrolmentFixture.PostAsync(http, "lost.alpha.test", EnrolmentFixture.Request(), Token)).Text.ShouldContain("was revoked at");
        (await EnrolmentFixture.PostAsync(http, "dc3.alpha.test", EnrolmentFixture.Request(), Token)).ShouldBe((HttpStatusCode.Forbidden, "The registration key is unknown here: it was withdrawn, or made by another node."));

        using (var homeless = fixture.Connect(await fixture.MakeKeyAsync(new SourceId("omega"), 1, TimeProvider.System, Token)))
        {
            (await EnrolmentFixture.PostAsync(homeless, "dc1.omega.test", request, Token)).ShouldBe((HttpStatusCode.Forbidden, "The source omega is none of this cluster's any more."));
        }

        using (var over = fixture.Connect(await fixture.MakeKeyAsync(TestNode.Source, 1, new EnrolmentFixture.WrongClock(TimeSpan.FromDays(-2)), Token)))
        {
            await Should.ThrowAsync<HttpRequestException>(() => EnrolmentFixture.PostAsync(over, "dc4.alpha.test", request, Token));
        }

        fixture.Node.Log.All.ShouldContain(line => line.Contains("A connection is refused: the certificate 'CN=registration key"));
        for (var more = 0; more < EnrolmentEndpoint.FailuresMax; more++) await EnrolmentFixture.PostAsync(http, "dc3.alpha.test", request, Token);
        (await EnrolmentFixture.PostAsync(http, "dc3.alpha.test", request, Token)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        fixture.Node.Log.All.ShouldContain(line => line.Contains("is not listened to for 00:05:00"));

        // Another key from the same address is heard.
        using var good = fixture.Connect(await fixture.MakeKeyAsync(TestNode.Source, 1, TimeProvider.System, Token));
        (await EnrolmentFixture.PostAsync(good, "dc5.alpha.test", request, Token)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact(Timeout = 600_000)]
    public async Task Requests_that_name_no_domain_controller_are_told_in_the_log_and_so_is_their_lockout()
    {
        var key = await fixture.MakeKeyAsync(TestNode.Source, uses: 1, TimeProvider.System, Token);
        using var http = fixture.Connect(key);

        for (var request = 1; request <= EnrolmentEndpoint.FailuresMax; request++)
        {
            (await EnrolmentFixture.PostAsync(http, "no%20host%0A", EnrolmentFixture.Request(), Token)).Status.ShouldBe(HttpStatusCode.BadRequest);
            Lines("without a new enrolment, and is not listened to").ShouldBe(request == EnrolmentEndpoint.FailuresMax ? 1 : 0);
        }

        (await EnrolmentFixture.PostAsync(http, "dc6.alpha.test", EnrolmentFixture.Request(), Token)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        Lines("An edge without a name asked from").ShouldBe(EnrolmentEndpoint.FailuresMax);
        Lines("no host").ShouldBe(0);

        int Lines(string text) => fixture.Node.Log.All.Count(line => line.Contains(key.Id) && line.Contains(text));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_registration_key_opens_enrolment_alone_and_nothing_else_opens_that()
    {
        using var http = fixture.Connect(await fixture.MakeKeyAsync(TestNode.Source, uses: 5, TimeProvider.System, Token));

        foreach (var (method, path) in new[] { (HttpMethod.Get, EdgeConfiguration.Path), (HttpMethod.Post, IntakeBatch.Path), (HttpMethod.Post, SelfRenewal.Path), (HttpMethod.Get, "keys"), (HttpMethod.Post, RegistrationFile.EnrolmentPath + "/") })
        {
            using var question = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = method == HttpMethod.Post ? new StringContent(EnrolmentFixture.Request()) : null };
            using var answer = await http.SendAsync(question, Token);
            (answer.StatusCode, await answer.Content.ReadAsStringAsync(Token)).ShouldBe((HttpStatusCode.Forbidden, "A registration key opens enrolment and nothing else."), path);
        }

        (await EnrolmentFixture.PostAsync(fixture.Node.Edge, TestNode.DomainController, EnrolmentFixture.Request(), Token)).ShouldBe((HttpStatusCode.Forbidden, "Only a valid registration key enrols an edge."));
    }

    [Fact(Timeout = 600_000)]
    public async Task An_edge_says_what_is_wrong_with_its_registration_key_before_it_asks_anybody()
    {
        var edge = await fixture.EdgeAsync("faults", Token);
        var file = edge.PathOf("registration.json");
        await RefusedAsync(edge, "does not exist");
        var key = await fixture.MakeKeyAsync(file, uses: 1, Token);
        await RefusedAsync(edge, "it is over; this machine's clock says", new EnrolmentFixture.WrongClock(TimeSpan.FromDays(2)));
        await RefusedAsync(edge, "set it right", new EnrolmentFixture.WrongClock(TimeSpan.FromDays(-2)));
        var beta = await fixture.EdgeAsync("beta", Token, source: "beta");
        File.Copy(file, beta.PathOf("registration.json"));
        await RefusedAsync(beta, "make one for beta");

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            await RefusedAsync(edge, "others may have it");
            File.Delete(file);
            await key.WriteAsync(file, Token);
        }

        var text = await File.ReadAllTextAsync(file, Token);
        await File.WriteAllTextAsync(file, text[..(text.Length / 2)], Token);
        await RefusedAsync(edge, ": line ");
        await File.WriteAllTextAsync(file, text.Replace("\"source\": \"alpha\"", "\"source\": \"beta\"", StringComparison.Ordinal), Token);
        File.Copy(file, beta.PathOf("registration.json"), overwrite: true);
        await RefusedAsync(beta, "it was changed");

        // Of another cluster of the same name: the edge does not trust this one's node.
        using var other = new CertificateFixture();
        using var authority = await other.OpenAuthorityElsewhereAsync(Token);
        using var keys = new RegistrationKeys(Path.Combine(other.Folder, "elsewhere"), TimeProvider.System);
        await (await keys.MakeAsync(authority, TestNode.Cluster, TestNode.Source, 1, TimeSpan.FromHours(1), [], Token)).WriteAsync(file, Token);
        (await Should.ThrowAsync<HttpRequestException>(() => fixture.EnrolAsync(edge, Token))).Message.ShouldContain("This edge does not trust what a node showed: the certificate 'CN=node1' is not trusted");

        // And the right one comes where another authority is known already.
        await File.WriteAllTextAsync(file, text, Token);
        await RefusedAsync(edge, "the key is of another cluster, or the cluster has a new authority");
        (await UsedAsync(key)).ShouldBeEmpty();
        File.Delete(edge.PathOf("ca.pem"));
        await fixture.EnrolAsync(edge, Token);

        async Task RefusedAsync(EdgeSettingsFile of, string why, TimeProvider? clock = null)
        {
            var failure = await Should.ThrowAsync<Hosting.Settings.SettingsException>(() => fixture.EnrolAsync(of, Token, clock));
            failure.Message.ShouldContain(why);
            failure.Message.ShouldNotContain("PRIVATE KEY");
        }
    }

    private async Task<ImmutableArray<RegistrationUse>> UsedAsync(RegistrationFile key)
    {
        var uses = Path.ChangeExtension(fixture.Keys.RecordOf(key.Id), ".used");
        return File.Exists(uses) ? JsonSerializer.Deserialize<RegistrationUses>(await File.ReadAllTextAsync(uses, Token), JsonSerializerOptions.Web)!.Used : [];
    }

    private async Task<HttpStatusCode> AskAsync(EdgeCertificates certificates)
    {
        using var http = EdgeConnections.ToNodes(TestNode.Cluster, certificates, TimeProvider.System);
        using var answer = await http.GetAsync(new Uri(fixture.Node.Server.Addresses[0], EdgeConfiguration.Path), Token);
        return answer.StatusCode;
    }

    private static async Task<string> ReadSharedAsync(string file)
    {
        try
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            return await reader.ReadToEndAsync(Token);
        }
        catch (FileNotFoundException)
        {
            // The node runs, and has taken it away since it was found.
            return "";
        }
    }
}
