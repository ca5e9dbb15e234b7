using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Scim;
using PasswordSync.Providers.Tests.Support;
using PasswordSync.Providers.Tests.Webhook;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Scim;

/// <summary>Servers that do what a standard leaves open, or not quite what it says.</summary>
public sealed class ScimOddServerTests : IDisposable
{
    private readonly ScratchFolder folder = new();
    private readonly ManualClock clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("3600", 3_540)]
    [InlineData("\"3600\"", 3_540)]
    [InlineData("90", 45)]
    [InlineData("60", 30)]
    [InlineData("\"60\"", 30)]
    [InlineData("0", 240)]
    [InlineData("-1", 240)]
    [InlineData("\"soon\"", 240)]
    [InlineData("true", 240)]
    [InlineData("[]", 240)]
    public async Task A_token_is_used_until_shortly_before_its_end_however_the_server_tells_that(string expiresIn, int secondsUsed)
    {
        await using var receiver = Receiver(token: HttpReceiver.Answer(200, $$"""{"access_token":"any","expires_in":{{expiresIn}}}"""));
        await using var provider = Provider(receiver);

        await FindAsync();
        clock.Advance(TimeSpan.FromSeconds(secondsUsed - 1));
        await FindAsync();
        TokensAsked().ShouldBe(1);
        clock.Advance(TimeSpan.FromSeconds(1));
        await FindAsync();
        TokensAsked().ShouldBe(2);

        async Task FindAsync() => (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Found>();
        int TokensAsked() => receiver.Requests.Count(request => request.Line.StartsWith("POST /token", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("\"\"")]
    public async Task An_answer_without_a_token_is_told_as_one(string token)
    {
        await using var receiver = Receiver(token: HttpReceiver.Answer(200, $$"""{"access_token":{{token}}}"""));
        await using var provider = Provider(receiver);

        (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("access_token");
    }

    [Theory]
    [InlineData(429, "Retry-After: 120", 120)]
    [InlineData(429, "X-Other: 1", 30)]
    [InlineData(503, "Retry-After: 7", 7)]
    public async Task A_token_end_point_that_asks_for_a_pause_gets_it(int status, string header, int seconds)
    {
        await using var receiver = Receiver(token: HttpReceiver.Answer(status, "", header));
        await using var provider = Provider(receiver);

        var outcome = (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome;

        outcome.ShouldBeOfType<DeliveryOutcome.Throttled>().Until.ShouldBe(clock.GetUtcNow().AddSeconds(seconds));
    }

    [Fact]
    public async Task A_token_end_point_that_is_down_is_transient()
    {
        await using var receiver = Receiver(token: HttpReceiver.Answer(503));
        await using var provider = Provider(receiver);

        (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.Transient>();
    }

    [Theory]
    [InlineData("42", "42")]
    [InlineData("\"42\"", "42")]
    [InlineData("null", null)]
    [InlineData("{}", null)]
    public async Task An_id_may_be_a_number(string id, string? key)
    {
        await using var receiver = Receiver(users: $$"""{"Resources":[{"id":{{id}},"userName":"Anna@alpha.test"}]}""");
        await using var provider = Provider(receiver);

        var preparation = await provider.PrepareAsync(Any.Query("anna"), Token);

        (preparation as Preparation.Found)?.Target.Key.ShouldBe(key);
        if (key is null) preparation.ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.AccountNotFound>();
        else preparation.ShouldBeOfType<Preparation.Found>();
    }

    [Theory]
    [InlineData("userName", "Anna@ALPHA.test", true)]
    [InlineData("userName", "bob@alpha.test", false)]
    [InlineData("externalId", "bob@alpha.test", false)]
    public async Task Whoever_is_shown_with_another_value_than_was_searched_for_gets_no_password(string attribute, string value, bool isFound)
    {
        await using var receiver = Receiver(users: $$"""{"Resources":[{"id":"1","{{attribute}}":"{{value}}"}]}""");
        await using var provider = Provider(receiver, attribute);

        var preparation = await provider.PrepareAsync(Any.Query("anna"), Token);

        receiver.Requests.Last().Line.ShouldContain(attribute == "userName" ? "&attributes=id,userName&" : "&attributes=id,userName,externalId&");
        if (isFound) preparation.ShouldBeOfType<Preparation.Found>();
        else preparation.ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain($"the search for {attribute} 'anna@alpha.test'");
        (await provider.VerifyAsync(Token)).IsGood.ShouldBeFalse("nobody has the name that a verification searches for");
    }

    [Fact]
    public async Task A_verification_asks_what_the_server_can_do_now()
    {
        var configuration = """{"changePassword":{"supported":false}}""";
        await using var receiver = new HttpReceiver(certificate: null, (request, _) => Task.FromResult<string?>(request.Line.Split(' ')[1] switch
        {
            "/token" => HttpReceiver.Answer(200, """{"access_token":"any"}"""),
            "/scim/ServiceProviderConfig" => HttpReceiver.Answer(200, configuration),
            _ => HttpReceiver.Answer(200, """{"Resources":[]}"""),
        }));
        await using var provider = Provider(receiver);
        (await provider.VerifyAsync(Token)).Checks.ShouldContain(check => check.Result == VerificationResult.Warned);

        configuration = "{}";

        (await provider.VerifyAsync(Token)).Checks.ShouldNotContain(check => check.Result == VerificationResult.Warned);
    }

    [Theory]
    [InlineData("""{"changePassword":{"supported":false}}""", VerificationResult.Warned)]
    [InlineData("""{"changePassword":{"supported":true}}""", VerificationResult.Passed)]
    [InlineData("""{"patch":{"supported":true}}""", VerificationResult.Passed)]
    public async Task A_verification_warns_of_a_server_that_says_that_it_changes_no_passwords(string configuration, VerificationResult expected)
    {
        await using var receiver = Receiver(configuration: configuration, users: """{"Resources":[]}""");
        await using var provider = Provider(receiver);

        var report = await provider.VerifyAsync(Token);

        report.IsGood.ShouldBeTrue();
        report.Checks.Single(check => check.Name == "passwords").Result.ShouldBe(expected);
    }

    private static HttpReceiver Receiver(string? token = null, string configuration = "{}", string users = """{"Resources":[{"id":"1","userName":"Anna@alpha.test"}]}""") =>
        new(certificate: null, (request, _) => Task.FromResult<string?>(request.Line.Split(' ')[1] switch
        {
            "/token" => token ?? HttpReceiver.Answer(200, """{"access_token":"any"}"""),
            "/scim/ServiceProviderConfig" => HttpReceiver.Answer(200, configuration),
            _ => HttpReceiver.Answer(200, users),
        }));

    private ScimProvider Provider(HttpReceiver receiver, string attribute = "userName")
    {
        var http = new HttpTargetOptions { Url = new Uri(receiver.Url, "/scim"), ConnectTimeout = Any.LongTime };
        return new ScimProvider(
            new ScimOptions { Http = http, Match = [new MatchRule(SourceAttribute.UserPrincipalName, attribute)], OAuth = new ScimOAuthOptions { Http = http with { Url = new Uri(receiver.Url, "/token") }, ClientId = "any", ClientSecret = "file:" + folder.Write("client", "any") } },
            Any.Context(clock));
    }
}
