using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;
using PasswordSync.Providers.Webhook;

namespace PasswordSync.Providers.Tests.Webhook;

/// <summary>A receiver that does what the documentation asks of one: checks the signature, tells repeats, applies a rule, keeps passwords.</summary>
internal sealed class WebhookConformanceTarget : ConformanceTarget, ITlsTarget, IThrottlingTarget
{
    private const string Key = "the shared key of the tests";
    private const string KeyWithoutRights = "a key that may only ping";

    private readonly ScratchFolder folder = new();
    private readonly CertificateAuthority authority = CertificateAuthority.Create("webhook tests");
    private readonly ConcurrentDictionary<string, string> passwords = new();
    private readonly ConcurrentDictionary<string, bool> known = new();
    private readonly X509Certificate2 certificate;
    private readonly HttpReceiver receiver;
    private readonly WebhookOptions options;
    private string? nextAnswer;
    private int count;

    public WebhookConformanceTarget()
    {
        authority.Issue(folder.PathOf("server.pem"), folder.PathOf("server.key"), ["localhost"], [IPAddress.Loopback]);
        certificate = X509Certificate2.CreateFromPemFile(folder.PathOf("server.pem"), folder.PathOf("server.key"));
        receiver = new HttpReceiver(certificate, (request, _) => Task.FromResult<string?>(Take(request)));
        options = new WebhookOptions
        {
            Http = new HttpTargetOptions { Url = receiver.Url, ConnectTimeout = Any.LongTime, TrustedRoots = folder.Write("ca.pem", authority.CertificatePem) },
            SigningKey = "file:" + folder.Write("key", Key),
            Account = SourceAttribute.SamAccountName,
        };
        Provider = Make(options);
    }

    public IPEndPoint EndPoint => new(IPAddress.Loopback, receiver.Url.Port);

    public override IProvider Provider { get; }

    public override string RefusedPassword => "Sh0rt!";

    public override Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken) => AddAsync(password, $"user{++count}");

    /// <summary>With characters that have a meaning in JSON, in HTTP and in signatures.</summary>
    public Task<AccountNames> AddOddAsync(string password) => AddAsync(password, "o'n(e)--;*&/?#%41,v1= \"x\"\\\r\n\0€\U0001F511\u2028");

    public override Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken) =>
        Task.FromResult(passwords.TryGetValue(names.SamAccountName, out var kept) && kept == password);

    public IProvider WithWrongCredentials() => Make(options with { SigningKey = "file:" + folder.Write("wrong", "quite another shared key") });

    public Task<IProvider> WithoutRightsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IProvider>(Make(options with { SigningKey = "file:" + folder.Write("weak", KeyWithoutRights) }));

    public void ThrottleNext(TimeSpan? retryAfter) =>
        nextAnswer = HttpReceiver.Answer(429, "", retryAfter is { } pause ? $"Retry-After: {pause.TotalSeconds:0}" : "X-None: 1");

    public IProvider WithForeignRoots()
    {
        using var foreign = CertificateAuthority.Create("somebody else");
        return Make(options with { Http = options.Http with { TrustedRoots = folder.Write("foreign.pem", foreign.CertificatePem) } });
    }

    public IProvider At(IPEndPoint endPoint) => Make(options with { Http = options.Http with { Url = new Uri($"https://{endPoint}/hook") } });

    public override async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        await receiver.DisposeAsync();
        certificate.Dispose();
        authority.Dispose();
        folder.Dispose();
    }

    private Task<AccountNames> AddAsync(string password, string login)
    {
        var names = Any.Names(login);
        passwords[names.SamAccountName] = password;
        return Task.FromResult(names);
    }

    private static WebhookProvider Make(WebhookOptions options) => new(options, Any.Context(TimeProvider.System));

    private string Take(ReceivedRequest request)
    {
        var isWeak = IsSignedWith(KeyWithoutRights, request);
        if (!isWeak && !IsSignedWith(Key, request)) return HttpReceiver.Answer(401);
        using var body = JsonDocument.Parse(request.Body);
        if (body.RootElement.GetProperty("event").GetString() == "ping") return HttpReceiver.Answer(204);
        if (isWeak) return HttpReceiver.Answer(403);
        if (Interlocked.Exchange(ref nextAnswer, null) is { } instead) return instead;
        if (known.ContainsKey(request.Headers[WebhookProvider.IdempotencyHeaderName])) return HttpReceiver.Answer(409);
        var password = body.RootElement.GetProperty("password").GetString()!;
        if (password.Length < 8) return HttpReceiver.Answer(422, $"'{password}' is too short.");
        passwords[body.RootElement.GetProperty("account").GetString()!] = password;
        known[request.Headers[WebhookProvider.IdempotencyHeaderName]] = true;
        return HttpReceiver.Answer(200);
    }

    private static bool IsSignedWith(string key, ReceivedRequest request) =>
        WebhookSignature.IsValid(request.Headers[WebhookSignature.HeaderName], Encoding.UTF8.GetBytes(key), request.Body, TimeProvider.System.GetUtcNow());
}
