using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Execution;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;
using PasswordSync.Providers.Webhook;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Webhook;

public sealed class WebhookSetting : SettingConformance
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ConformanceTarget>(new WebhookConformanceTarget());

    [Fact]
    public async Task An_account_whose_name_has_special_characters_is_found_and_set()
    {
        await using var target = new WebhookConformanceTarget();
        var (names, other) = (await target.AddOddAsync("F0rmer.Passw0rd!"), await target.AddAsync("F0rmer.Passw0rd!", Token));

        (await SetAsync(target, names, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();
        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
        (await target.HasAsync(other, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }
}

public sealed class WebhookNetwork : ThrottlingConformance
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ConformanceTarget>(new WebhookConformanceTarget());
}

public sealed class WebhookProviderTests : IDisposable
{
    private const string Canary = "C4nary!\"Pässw0rd\\-€";

    /// <summary>Of an attempt, by a clock that the test moves.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    private readonly ScratchFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_request_has_the_documented_form()
    {
        var (outcome, request) = await PostAsync(HttpReceiver.Answer(200));

        outcome.ShouldBe(new DeliveryOutcome.Delivered(null, null));
        request.Line.ShouldBe("POST /hook HTTP/1.1");
        request.Headers["Content-Type"].ShouldBe("application/json");
        using var body = JsonDocument.Parse(request.Body);
        body.RootElement.EnumerateObject().Select(property => property.Name).ShouldBe(["event", "syncPoint", "captureId", "account", "mustChangeAtNextLogon", "password"]);
        body.RootElement.GetProperty("event").GetString().ShouldBe("password.set");
        body.RootElement.GetProperty("syncPoint").GetString().ShouldBe("test-point");
        body.RootElement.GetProperty("account").GetString().ShouldBe("anna");
        body.RootElement.GetProperty("password").GetString().ShouldBe(Canary);
        body.RootElement.GetProperty("captureId").GetString().ShouldBe(request.Headers["Idempotency-Key"]);
    }

    [Theory]
    [InlineData(201, typeof(DeliveryOutcome.Delivered))]
    [InlineData(204, typeof(DeliveryOutcome.Delivered))]
    [InlineData(301, typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(400, typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(401, typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(403, typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(404, typeof(DeliveryOutcome.AccountNotFound))]
    [InlineData(408, typeof(DeliveryOutcome.Transient))]
    [InlineData(409, typeof(DeliveryOutcome.AlreadyThere))]
    [InlineData(410, typeof(DeliveryOutcome.AccountNotFound))]
    [InlineData(422, typeof(DeliveryOutcome.RefusedByPolicy))]
    [InlineData(429, typeof(DeliveryOutcome.Throttled))]
    [InlineData(500, typeof(DeliveryOutcome.Unknown))]
    [InlineData(501, typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(502, typeof(DeliveryOutcome.Unknown))]
    [InlineData(503, typeof(DeliveryOutcome.Transient))]
    [InlineData(504, typeof(DeliveryOutcome.Unknown))]
    public async Task A_status_has_one_meaning_and_an_echo_of_the_password_is_removed(int status, Type expected)
    {
        var (outcome, _) = await PostAsync(HttpReceiver.Answer(status, $"Refused: {JsonSerializer.Serialize(Canary)} and {Canary}", "Location: https://evil.example/"));

        outcome.ShouldBeOfType(expected);
        outcome.ToString().ShouldNotContain("Pässw0rd");
        if (outcome.Explain() is { } reason) reason.ShouldContain(status.ToString(CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData(429, "Retry-After: 120", 120)]
    [InlineData(503, "Retry-After: 7", 7)]
    [InlineData(429, "X-Other: 1", 30)]
    [InlineData(429, "Retry-After: 86400", 3600)]
    public async Task A_receiver_that_asks_for_a_pause_gets_it_within_bounds(int status, string header, int seconds)
    {
        var before = TimeProvider.System.GetUtcNow();
        var (outcome, _) = await PostAsync(HttpReceiver.Answer(status, "", header));
        var after = TimeProvider.System.GetUtcNow();

        outcome.ShouldBeOfType<DeliveryOutcome.Throttled>().Until.ShouldBeInRange(before.AddSeconds(seconds), after.AddSeconds(seconds));
    }

    [Fact]
    public async Task A_connection_that_ends_without_an_answer_leaves_the_outcome_unknown_and_the_repeat_finds_it_already_there()
    {
        var answers = new Queue<string?>([null, HttpReceiver.Answer(409)]);
        await using var receiver = new HttpReceiver(certificate: null, (_, _) => Task.FromResult(answers.Dequeue()));
        await using var provider = Provider(receiver.Url);
        using var password = Any.Secret(Canary);
        var request = Any.Set(Any.Target("anna"), null, TimeProvider.System);

        (await provider.SetPasswordAsync(request, password, Token)).ShouldBeOfType<DeliveryOutcome.Unknown>();
        var again = request with { Permit = new WritePermit(TimeProvider.System.GetUtcNow() + Any.LongTime, TimeProvider.System) };
        (await provider.SetPasswordAsync(again, password, Token)).ShouldBeOfType<DeliveryOutcome.AlreadyThere>();

        receiver.Requests.Select(received => received.Headers["Idempotency-Key"]).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_receiver_that_reads_and_stays_silent_leaves_the_outcome_unknown_at_the_deadline()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = new HttpReceiver(certificate: null, async (_, token) =>
        {
            arrived.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
            return null;
        });
        await using var provider = Provider(receiver.Url);
        using var password = Any.Secret(Canary);
        var clock = new ManualClock();
        var executor = new AttemptExecutor(clock, NullLogger<AttemptExecutor>.Instance);

        var attempt = executor.ExecuteAsync(provider, Any.Attempt(Any.Target("anna"), clock, Lifetime), Any.CaptureId(), false, password, Token);
        await arrived.Task.WaitAsync(Any.LongTime, Token);
        clock.Advance(Lifetime);

        (await attempt.WaitAsync(Any.LongTime, Token)).ShouldBeOfType<DeliveryOutcome.Unknown>();
        receiver.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_deadline_that_passes_while_connecting_sends_nothing()
    {
        await using var silent = new SilentTcpServer();
        await using var provider = Provider(new Uri($"https://{silent.EndPoint}/hook"));
        using var password = Any.Secret(Canary);
        var clock = new ManualClock();
        var executor = new AttemptExecutor(clock, NullLogger<AttemptExecutor>.Instance);

        var attempt = executor.ExecuteAsync(provider, Any.Attempt(Any.Target("anna"), clock, Lifetime), Any.CaptureId(), false, password, Token);
        await Eventually.HoldsAsync("a connection", Any.LongTime, _ => Task.FromResult(silent.Accepted > 0), Token);
        clock.Advance(Lifetime);

        (await attempt.WaitAsync(Any.LongTime, Token)).ShouldBeOfType<DeliveryOutcome.Transient>();
    }

    [Fact]
    public async Task An_account_without_the_name_that_is_sent_is_not_found()
    {
        await using var provider = new WebhookProvider(
            new WebhookOptions { Http = new HttpTargetOptions { Url = new Uri("http://127.0.0.1:9/") }, SigningKey = "env:KEY", Account = Matching.SourceAttribute.Mail }, Any.Context(TimeProvider.System));

        (await provider.PrepareAsync(Any.Query(Any.Names("anna") with { Mail = null }), Token))
            .ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.AccountNotFound>();
    }

    [Theory]
    [InlineData("short key")]
    [InlineData(null)]
    public async Task A_key_that_is_short_or_missing_is_a_misconfiguration(string? key)
    {
        if (key is not null) folder.Write("key", key);
        await using var provider = new WebhookProvider(
            new WebhookOptions { Http = new HttpTargetOptions { Url = new Uri("http://127.0.0.1:9/") }, SigningKey = "file:" + folder.PathOf("key") }, Any.Context(TimeProvider.System));
        using var password = Any.Secret(Canary);

        (await provider.SetPasswordAsync(Any.Set(Any.Target("anna"), null, TimeProvider.System), password, Token))
            .ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("signingKey");
    }

    [Fact]
    public void A_signature_holds_for_its_key_body_and_time_only()
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var (key, body) = (Encoding.UTF8.GetBytes("0123456789abcdef"), Encoding.UTF8.GetBytes("{}"));
        var header = WebhookSignature.Sign(key, body, now);

        // Computed by: printf '1767225600.{}' | openssl dgst -sha256 -hmac 0123456789abcdef
        header.ShouldBe("t=1767225600,v1=99902517b3069f78750aa0520b0493482454c2d30a579c7acc839f3363ca1b88");
        WebhookSignature.IsValid(header, key, body, now.AddMinutes(5)).ShouldBeTrue();
        WebhookSignature.IsValid(header, key, body, now.AddMinutes(-5)).ShouldBeTrue();
        WebhookSignature.IsValid(header, key, body, now.AddMinutes(6)).ShouldBeFalse();
        WebhookSignature.IsValid(header, key, Encoding.UTF8.GetBytes("{ }"), now).ShouldBeFalse();
        WebhookSignature.IsValid(header, Encoding.UTF8.GetBytes("0123456789abcdeg"), body, now).ShouldBeFalse();
        foreach (var damaged in (string?[])[null, "", "t=,v1=", header[..^1], header.Replace("t=17", "t=18", StringComparison.Ordinal), "v1=x,t=y", "t=99999999999999999999,v1=00"])
        {
            WebhookSignature.IsValid(damaged, key, body, now).ShouldBeFalse(damaged);
        }
    }

    [Fact]
    public async Task While_a_key_is_replaced_requests_hold_for_both()
    {
        await using var receiver = new HttpReceiver(certificate: null, (_, _) => Task.FromResult<string?>(HttpReceiver.Answer(200)));
        await using var provider = new WebhookProvider(
            new WebhookOptions
            {
                Http = new HttpTargetOptions { Url = receiver.Url, ConnectTimeout = Any.LongTime },
                SigningKey = "file:" + folder.Write("new", "the new key of the tests"),
                FormerSigningKey = "file:" + folder.Write("former", "the former key of the tests"),
            },
            Any.Context(TimeProvider.System));
        using var password = Any.Secret(Canary);

        (await provider.SetPasswordAsync(Any.Set(Any.Target("anna"), null, TimeProvider.System), password, Token)).IsSuccess.ShouldBeTrue();

        var request = receiver.Requests.ShouldHaveSingleItem();
        bool IsValid(string key) => WebhookSignature.IsValid(request.Headers["PasswordSync-Signature"], Encoding.UTF8.GetBytes(key), request.Body, TimeProvider.System.GetUtcNow());
        IsValid("the new key of the tests").ShouldBeTrue();
        IsValid("the former key of the tests").ShouldBeTrue();
        IsValid("another key of the tests").ShouldBeFalse();
    }

    [Fact]
    public async Task The_documented_receiver_takes_what_is_sent_tells_repeats_and_refuses_a_wrong_signature()
    {
        await using var receiver = await DocumentedReceiver.StartAsync("the shared key of the tests", folder, Token);
        var options = new WebhookOptions { Http = new HttpTargetOptions { Url = receiver.Url, ConnectTimeout = Any.LongTime }, SigningKey = "file:" + folder.Write("key", "the shared key of the tests") };
        await using var provider = new WebhookProvider(options, Any.Context(TimeProvider.System));
        await using var stranger = new WebhookProvider(options with { SigningKey = "file:" + folder.Write("other", "a key that nobody knows") }, Any.Context(TimeProvider.System));
        using var password = Any.Secret(Canary);
        var request = Any.Set(Any.Target("anna"), null, TimeProvider.System);
        SetRequest Again() => request with { Permit = new WritePermit(TimeProvider.System.GetUtcNow() + Any.LongTime, TimeProvider.System) };

        (await provider.VerifyAsync(Token)).IsGood.ShouldBeTrue();
        (await SendAsync(stranger)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>();
        (await SendAsync(provider)).ShouldBeOfType<DeliveryOutcome.Delivered>();
        (await SendAsync(provider)).ShouldBeOfType<DeliveryOutcome.AlreadyThere>();
        receiver.Passwords.ShouldBe([$"anna {Canary}"]);

        // The receiver closes each connection: one that is taken for the next request at that very moment leaves the outcome unknown, and a node sends again under the same key.
        async Task<DeliveryOutcome> SendAsync(WebhookProvider sender)
        {
            const int attemptsMax = 5;
            var outcome = await sender.SetPasswordAsync(Again(), password, Token);
            for (var attempt = 2; attempt <= attemptsMax && outcome is DeliveryOutcome.Unknown; attempt++) outcome = await sender.SetPasswordAsync(Again(), password, Token);
            return outcome;
        }
    }

    private WebhookProvider Provider(Uri url) => new(
        new WebhookOptions { Http = new HttpTargetOptions { Url = url, ConnectTimeout = Any.LongTime }, SigningKey = "file:" + folder.Write("key", "a key of enough bytes") }, Any.Context(TimeProvider.System));

    private async Task<(DeliveryOutcome Outcome, ReceivedRequest Request)> PostAsync(string answer)
    {
        await using var receiver = new HttpReceiver(certificate: null, (_, _) => Task.FromResult<string?>(answer));
        await using var provider = Provider(receiver.Url);
        using var password = Any.Secret(Canary);
        var outcome = await provider.SetPasswordAsync(Any.Set(Any.Target("anna"), null, TimeProvider.System), password, Token);
        return (outcome, receiver.Requests.ShouldHaveSingleItem());
    }
}
