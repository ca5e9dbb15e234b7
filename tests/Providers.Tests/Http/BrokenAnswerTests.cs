using System.Net;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.EntraId;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Passwordstate;
using PasswordSync.Providers.Scim;
using PasswordSync.Providers.Tests.Support;
using PasswordSync.Providers.Tests.Webhook;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Http;

/// <summary>Answers whose headers arrive and whose body does not.</summary>
public sealed class BrokenAnswerTests : IDisposable
{
    private const string Config = """{"patch":{"supported":false}}""";
    private const string Found = """{"Resources":[{"id":"1","userName":"anna@alpha.test"}]}""";

    private readonly ScratchFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("/token")]
    [InlineData("/scim/ServiceProviderConfig")]
    [InlineData("/scim/Users?")]
    public async Task A_question_of_SCIM_whose_answer_breaks_off_is_transient(string broken)
    {
        await using var receiver = Receiver(broken);
        await using var provider = Scim(receiver);

        var outcome = (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome;

        outcome.ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("broke off");
    }

    [Fact]
    public async Task A_user_that_is_not_read_whole_is_not_written_back()
    {
        await using var receiver = Receiver("/scim/Users/1");
        await using var provider = Scim(receiver);
        using var password = Any.Secret("N3w.Passw0rd!");
        var request = Any.Set(Any.Target("1"), null, TimeProvider.System);

        (await provider.SetPasswordAsync(request, password, Token)).ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("broke off");

        request.Permit.IsUsed.ShouldBeFalse();
        receiver.Requests.ShouldNotContain(received => received.Line.StartsWith("PUT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_write_whose_answer_breaks_off_counts_by_its_status()
    {
        await using var receiver = new HttpReceiver(certificate: null, (request, _) => Task.FromResult<string?>(request.Line.StartsWith("PUT", StringComparison.Ordinal)
            ? HttpReceiver.BrokenAnswer(200, Found)
            : AnswerTo(request, broken: null)));
        await using var provider = Scim(receiver);
        using var password = Any.Secret("N3w.Passw0rd!");

        (await provider.SetPasswordAsync(Any.Set(Any.Target("1"), null, TimeProvider.System), password, Token)).ShouldBeOfType<DeliveryOutcome.Delivered>();
    }

    [Fact]
    public async Task A_pause_that_an_answer_names_counts_even_if_it_breaks_off()
    {
        await using var receiver = new HttpReceiver(certificate: null, (request, _) => Task.FromResult<string?>(HttpReceiver.BrokenAnswer(429, "{", "Retry-After: 120")));
        await using var provider = Passwordstate(receiver);
        var before = TimeProvider.System.GetUtcNow();

        var outcome = (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome;

        outcome.ShouldBeOfType<DeliveryOutcome.Throttled>().Until.ShouldBeGreaterThanOrEqualTo(before.AddSeconds(120));
    }

    [Fact]
    public async Task A_search_of_Passwordstate_whose_answer_breaks_off_is_transient()
    {
        await using var receiver = new HttpReceiver(certificate: null, (_, _) => Task.FromResult<string?>(HttpReceiver.BrokenAnswer(200, "[]")));
        await using var provider = Passwordstate(receiver);

        var outcome = (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome;

        outcome.ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("broke off");
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("GET")]
    public async Task A_token_or_a_search_of_Graph_whose_answer_breaks_off_is_transient(string broken)
    {
        using var certificate = Certificate();
        await using var receiver = GraphReceiver(certificate, broken, holdsOpen: false);
        await using var provider = Graph(receiver);

        var outcome = (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome;

        outcome.ShouldBeOfType<DeliveryOutcome.Transient>();
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("GET")]
    public async Task A_token_or_a_search_of_Graph_whose_answer_stalls_is_a_time_out(string broken)
    {
        using var certificate = Certificate();
        await using var receiver = GraphReceiver(certificate, broken, holdsOpen: true);
        var clock = new ManualClock();
        await using var provider = new GuardedProvider(Graph(receiver), ProviderLimits.Default, clock);

        var search = provider.PrepareAsync(Any.Query("anna"), Token);
        await Eventually.HoldsAsync("the request has come", Any.LongTime, _ => Task.FromResult(receiver.Requests.Any(request => request.Line.StartsWith(broken, StringComparison.Ordinal))), Token);
        clock.Advance(ProviderLimits.Default.CallTimeout);

        (await search).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("limits:callTimeout");
    }

    [Fact]
    public async Task Questions_whose_answers_stall_are_time_outs_that_open_the_circuit()
    {
        await using var receiver = new HttpReceiver(certificate: null, (request, _) => Task.FromResult<string?>(HttpReceiver.BrokenAnswer(200, "{"))) { HoldsOpen = true };
        var clock = new ManualClock();
        var limits = ProviderLimits.Default with { CircuitCalls = 2 };
        await using var provider = new GuardedProvider(Passwordstate(receiver), limits, clock);

        for (var i = 1; i <= limits.CircuitCalls; i++)
        {
            var search = provider.PrepareAsync(Any.Query("anna"), Token);
            await Eventually.HoldsAsync("the request has come", Any.LongTime, _ => Task.FromResult(receiver.Requests.Count == i), Token);
            clock.Advance(limits.CallTimeout);
            (await search).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("limits:callTimeout");
        }

        (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.Throttled>().Reason.ShouldContain("circuit is open");
    }

    [Fact]
    public async Task A_file_of_roots_that_is_not_there_is_named()
    {
        await using var receiver = Receiver(broken: null);
        var options = new PasswordstateOptions { Http = new HttpTargetOptions { Url = receiver.Url, TrustedRoots = folder.PathOf("none.pem") }, ApiKey = "file:" + folder.Write("key", "any"), List = 1 };
        await using var provider = new PasswordstateProvider(options, Any.Context(TimeProvider.System));

        var outcome = (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome;

        outcome.ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("none.pem");
    }

    private static HttpReceiver Receiver(string? broken) => new(certificate: null, (request, _) => Task.FromResult<string?>(AnswerTo(request, broken)));

    private static string AnswerTo(ReceivedRequest request, string? broken)
    {
        var body = request.Line.Split(' ')[1] switch
        {
            "/token" => """{"access_token":"any","expires_in":3600}""",
            "/scim/ServiceProviderConfig" => Config,
            "/scim/Users/1" => """{"id":"1","userName":"anna@alpha.test"}""",
            _ => Found,
        };
        return broken is not null && request.Line.Contains($" {broken}", StringComparison.Ordinal) ? HttpReceiver.BrokenAnswer(200, body) : HttpReceiver.Answer(200, body);
    }

    private X509Certificate2 Certificate()
    {
        using var authority = CertificateAuthority.Create("broken answers");
        authority.Issue(folder.PathOf("server.pem"), folder.PathOf("server.key"), ["localhost"], [IPAddress.Loopback]);
        folder.Write("ca.pem", authority.CertificatePem);
        return X509Certificate2.CreateFromPemFile(folder.PathOf("server.pem"), folder.PathOf("server.key"));
    }

    private static HttpReceiver GraphReceiver(X509Certificate2 certificate, string broken, bool holdsOpen) => new(certificate, (request, _) =>
    {
        var body = request.Line.StartsWith("POST", StringComparison.Ordinal) ? """{"token_type":"Bearer","expires_in":3600,"access_token":"any"}""" : """{"value":[]}""";
        return Task.FromResult<string?>(request.Line.StartsWith(broken, StringComparison.Ordinal) ? HttpReceiver.BrokenAnswer(200, body) : HttpReceiver.Answer(200, body, "Content-Type: application/json"));
    })
    { HoldsOpen = holdsOpen };

    private EntraIdProvider Graph(HttpReceiver receiver)
    {
        var http = new HttpTargetOptions { Url = new Uri(receiver.Url, "/"), ConnectTimeout = Any.LongTime, TrustedRoots = folder.PathOf("ca.pem") };
        return new EntraIdProvider(
            new EntraIdOptions { Tenant = "tenant", ClientId = Guid.NewGuid().ToString(), ClientSecret = "file:" + folder.Write("secret", "any"), Authority = http, Graph = http },
            Any.Context(TimeProvider.System), new WriteQuota(10, TimeSpan.FromSeconds(1), TimeProvider.System));
    }

    private ScimProvider Scim(HttpReceiver receiver)
    {
        var http = new HttpTargetOptions { Url = new Uri(receiver.Url, "/scim"), ConnectTimeout = Any.LongTime };
        return new ScimProvider(
            new ScimOptions { Http = http, OAuth = new ScimOAuthOptions { Http = http with { Url = new Uri(receiver.Url, "/token") }, ClientId = "any", ClientSecret = "file:" + folder.Write("client", "any") } },
            Any.Context(TimeProvider.System));
    }

    private PasswordstateProvider Passwordstate(HttpReceiver receiver) => new(
        new PasswordstateOptions { Http = new HttpTargetOptions { Url = new Uri(receiver.Url, "/"), ConnectTimeout = Any.LongTime }, ApiKey = "file:" + folder.Write("key", "any"), List = 1 },
        Any.Context(TimeProvider.System));
}
