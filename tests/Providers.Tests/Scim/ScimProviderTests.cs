using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Scim;
using PasswordSync.Providers.Tests.Support;
using PasswordSync.Providers.Tests.Webhook;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Scim;

public sealed class ScimProviderTests(PuttingScimServer server) : IClassFixture<PuttingScimServer>, IDisposable
{
    private readonly ScratchFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(400, """{"scimType":"invalidValue","detail":"N3w.Passw0rd! is weak"}""", typeof(DeliveryOutcome.RefusedByPolicy))]
    [InlineData(400, """{"detail":"The password N3w.Passw0rd! is weak"}""", typeof(DeliveryOutcome.RefusedByPolicy))]
    [InlineData(400, """{"scimType":"mutability","detail":"read only"}""", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(400, """{"scimType":"invalidPath","detail":"no"}""", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(401, "", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(403, "", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(404, "", typeof(DeliveryOutcome.AccountNotFound))]
    [InlineData(409, "", typeof(DeliveryOutcome.Transient))]
    [InlineData(412, "", typeof(DeliveryOutcome.Transient))]
    [InlineData(308, "", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(500, "N3w.Passw0rd!", typeof(DeliveryOutcome.Unknown))]
    [InlineData(501, "", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(503, "", typeof(DeliveryOutcome.Unknown))]
    public async Task An_error_has_one_meaning_and_an_echo_of_the_password_is_removed(int status, string body, Type expected)
    {
        await using var receiver = new HttpReceiver(certificate: null, (request, _) => Task.FromResult<string?>(request.Line.StartsWith("GET", StringComparison.Ordinal)
            ? HttpReceiver.Answer(404)
            : HttpReceiver.Answer(status, body)));
        await using var provider = new ScimProvider(
            new ScimOptions { Http = new HttpTargetOptions { Url = new Uri(receiver.Url, "/scim") }, Token = "file:" + folder.Write("token", "any") }, Any.Context(TimeProvider.System));
        using var password = Any.Secret("N3w.Passw0rd!");

        var outcome = await provider.SetPasswordAsync(Any.Set(Any.Target("1/a?b"), null, TimeProvider.System), password, Token);

        outcome.ShouldBeOfType(expected);
        outcome.ToString().ShouldNotContain("N3w.Passw0rd!");
        var write = receiver.Requests.Last();
        write.Line.ShouldBe("PATCH /scim/Users/1%2Fa%3Fb HTTP/1.1");
        write.Headers["Content-Type"].ShouldBe("application/scim+json");
        write.Headers["Authorization"].ShouldBe("Bearer any");
    }

    [Fact]
    public async Task A_user_that_somebody_changed_between_reading_and_writing_back_is_not_overwritten()
    {
        await using var target = new ScimConformanceTarget(server.Server, withOAuth: false);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = (await target.Provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();
        var clock = new WatchedClock();
        var permit = new WritePermit(clock.GetUtcNow() + Any.LongTime, clock);
        clock.Watch(() => server.Server.ChangeAsync(names.UserPrincipalName!, Token).Wait(Any.LongTime, Token));
        using var password = Any.Secret("N3w.Passw0rd!");

        var outcome = await target.Provider.SetPasswordAsync(new SetRequest(found.Target, null, Any.CaptureId(), false, permit), password, Token);

        outcome.ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("412");
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }
}

/// <summary>On a server of its own: it takes all tokens away.</summary>
public sealed class ScimTokenTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_of_OAuth_that_no_longer_holds_is_replaced_by_the_next_attempt_and_one_that_was_just_given_is_a_matter_for_people()
    {
        var clock = new ManualClock();
        await using var server = await ScimServer.StartAsync(new ScimServerOptions(Patch: true, ETag: false), Token);
        await using var target = new ScimConformanceTarget(server, withOAuth: true);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        await using var provider = new ScimProvider(target.Options, Any.Context(clock));
        var found = (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();
        using var password = Any.Secret("N3w.Passw0rd!");

        await server.RevokeAsync(Token);
        (await SetAsync()).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("401");
        (await SetAsync()).ShouldBeOfType<DeliveryOutcome.Delivered>();

        clock.Advance(TimeSpan.FromMinutes(2));
        await server.RevokeAsync(Token);
        (await SetAsync()).ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("401");
        (await SetAsync()).ShouldBeOfType<DeliveryOutcome.Delivered>();
        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();

        Task<DeliveryOutcome> SetAsync() => provider.SetPasswordAsync(Any.Set(found.Target, null, TimeProvider.System), password, Token);
    }
}
