using System.Net;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Scim;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;

namespace PasswordSync.Providers.Tests.Scim;

/// <summary>A SCIM server from npm, shared by the tests of a class; each test adds users of its own.</summary>
internal sealed class ScimConformanceTarget : ConformanceTarget, ISearchableTarget, IConfigurableTarget, ITlsTarget, IThrottlingTarget
{
    private readonly ScratchFolder folder = new();
    private readonly ScimServer server;

    public ScimConformanceTarget(ScimServer server, bool withOAuth)
    {
        this.server = server;
        var http = new HttpTargetOptions { Url = new Uri($"https://{server.EndPoint}/scim/v2"), ConnectTimeout = Any.LongTime, TrustedRoots = server.AuthorityFile };
        Options = new ScimOptions
        {
            Http = http,
            Token = withOAuth ? null : "file:" + folder.Write("token", ScimServer.Token),
            OAuth = withOAuth ? new ScimOAuthOptions { Http = http with { Url = new Uri($"https://{server.EndPoint}/token") }, ClientId = ScimServer.ClientId, ClientSecret = "file:" + folder.Write("client", ScimServer.ClientSecret) } : null,
            Match = [new MatchRule(SourceAttribute.UserPrincipalName, "userName"), new MatchRule(SourceAttribute.Mail, "externalId")],
        };
        Provider = Make(Options);
    }

    public ScimOptions Options { get; }

    public override IProvider Provider { get; }

    public object Settings => new { url = Options.Http.Url, token = Options.Token, trustedRoots = Options.Http.TrustedRoots, connectTimeout = "1m" };

    public IPEndPoint EndPoint => server.EndPoint;

    public override string RefusedPassword => "Sh0rt!";

    public static ScimProvider Make(ScimOptions options) => new(options, Any.Context(TimeProvider.System));

    public override Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken) => AddAsync($"u{Guid.NewGuid():N}"[..16], password, cancellationToken);

    public Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken) => AddAsync($"o'n(e)&/?#%41 eq +x;{Guid.NewGuid():N}", password, cancellationToken);

    public async Task<AccountNames> AddTwiceAsync(CancellationToken cancellationToken)
    {
        var (one, other) = (await AddAsync("F0rmer.Passw0rd!", cancellationToken), Any.Names($"u{Guid.NewGuid():N}"));
        await server.AddAsync(other.UserPrincipalName!, one.Mail, "F0rmer.Passw0rd!", cancellationToken);
        return one with { UserPrincipalName = null };
    }

    public override async Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken) =>
        (await server.PasswordsAsync(names.UserPrincipalName!, cancellationToken)) is [var kept] && kept == password;

    public Task RemoveAsync(AccountNames names, CancellationToken cancellationToken) => server.RemoveAsync(names.UserPrincipalName!, cancellationToken);

    public Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken) => throw new NotSupportedException("A SCIM server shows no marks.");

    public void ThrottleNext(TimeSpan? retryAfter) => server.ThrottleNextAsync(retryAfter is { } pause ? $"{pause.TotalSeconds:0}" : null, CancellationToken.None).Wait(Any.LongTime);

    public IProvider WithWrongCredentials() => Options.OAuth is { } oauth
        ? Make(Options with { OAuth = oauth with { ClientSecret = "file:" + folder.Write("wrong", "not-the-secret") } })
        : Make(Options with { Token = "file:" + folder.Write("wrong", "not-the-token") });

    public Task<IProvider> WithoutRightsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IProvider>(Make(Options with { OAuth = null, Token = "file:" + folder.Write("weak", ScimServer.WeakToken) }));

    public IProvider WithForeignRoots()
    {
        using var foreign = CertificateAuthority.Create("somebody else");
        var roots = folder.Write("foreign.pem", foreign.CertificatePem);
        return Make(Options with { Http = Options.Http with { TrustedRoots = roots }, OAuth = Options.OAuth is { } oauth ? oauth with { Http = oauth.Http with { TrustedRoots = roots } } : null });
    }

    public IProvider At(IPEndPoint endPoint) => Make(Options with
    {
        Http = Options.Http with { Url = new Uri($"https://{endPoint}/scim/v2") },
        OAuth = Options.OAuth is { } oauth ? oauth with { Http = oauth.Http with { Url = new Uri($"https://{endPoint}/token") } } : null,
    });

    public override async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        folder.Dispose();
    }

    public async Task<AccountNames> AddAsync(string login, string password, CancellationToken cancellationToken)
    {
        var names = Any.Names(login);
        await server.AddAsync(names.UserPrincipalName!, names.Mail, password, cancellationToken);
        return names;
    }
}
