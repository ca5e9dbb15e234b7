using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.EntraId;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;

namespace PasswordSync.Providers.Tests.EntraId;

/// <summary>An emulated tenant of the test's own, with an application that signs in by its secret, one by its certificate, and one without rights.</summary>
internal sealed class EntraConformanceTarget : ConformanceTarget, ISearchableTarget, IConfigurableTarget, ITlsTarget, IThrottlingTarget
{
    private const string Secret = "the application's secret ~ 7";

    /// <summary>The application's certificate and key: making an RSA key is slow.</summary>
    private static readonly Lazy<string> ApplicationPem = new(() =>
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=PasswordSync", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        return certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem();
    });

    private readonly ScratchFolder folder = new();
    private readonly GraphEmulator emulator;

    private EntraConformanceTarget(GraphEmulator emulator, EntraIdOptions options, ScratchFolder folder, IWriteBudget budget)
    {
        this.emulator = emulator;
        this.folder = folder;
        Options = options;
        Budget = budget;
        Provider = Make(options);
    }

    public static readonly Guid WeakClient = Guid.Parse("00000000-0000-0000-0000-00000000000f");

    public GraphEmulator Emulator => emulator;

    public EntraIdOptions Options { get; }

    public IWriteBudget Budget { get; }

    public override IProvider Provider { get; }

    public object Settings => new
    {
        tenant = Options.Tenant,
        clientId = Options.ClientId,
        clientSecret = Options.ClientSecret,
        authority = Options.Authority.Url,
        graph = Options.Graph.Url,
        trustedRoots = Options.Graph.TrustedRoots,
        connectTimeout = "1m",
    };

    public IPEndPoint EndPoint => emulator.EndPoint;

    public override string RefusedPassword => "alllowercase";

    public override bool Takes(string password) => password.All(c => c is >= ' ' and <= '~');

    public static async Task<EntraConformanceTarget> OpenAsync(bool withCertificate, Func<GraphEmulatorOptions, GraphEmulatorOptions> configure, IWriteBudget? budget, CancellationToken cancellationToken)
    {
        var folder = new ScratchFolder();
        string[] rights = [GraphRights.Write, GraphRights.Read, "Organization.Read.All", "Domain.Read.All", "OnPremDirectorySynchronization.Read.All"];
        var (bySecret, byCertificate) = (Guid.NewGuid(), Guid.NewGuid());
        var emulator = await GraphEmulator.StartAsync(
            configure(new GraphEmulatorOptions
            {
                Applications =
                [
                    new(bySecret, rights, Secret, Certificate: null),
                    new(byCertificate, rights, Secret: null, X509Certificate2.CreateFromPem(ApplicationPem.Value)),
                    new(WeakClient, [GraphRights.Read], Secret, Certificate: null),
                ],
            }),
            cancellationToken);
        var http = new HttpTargetOptions { Url = emulator.Url, ConnectTimeout = Any.LongTime, TrustedRoots = emulator.AuthorityFile };
        var options = new EntraIdOptions
        {
            Tenant = emulator.Tenant,
            ClientId = (withCertificate ? byCertificate : bySecret).ToString(),
            ClientSecret = withCertificate ? null : "file:" + folder.Write("secret", Secret),
            ClientCertificate = withCertificate ? "file:" + folder.Write("application.pem", ApplicationPem.Value) : null,
            Authority = http,
            Graph = http,
            Match = [.. EntraIdOptions.DefaultMatch, new MatchRule(SourceAttribute.Mail, "mail")],
        };
        return new EntraConformanceTarget(emulator, options, folder, budget ?? new WriteQuota(options.QuotaWrites, options.QuotaWindow, TimeProvider.System));
    }

    public EntraIdProvider Make(EntraIdOptions options) => new(options, Any.Context(TimeProvider.System), Budget);

    public GraphUser UserOf(AccountNames names) => emulator.Directory.Find(names.UserPrincipalName!)!;

    public override Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Add($"u{Guid.NewGuid():N}"[..16], password));

    public Task<AccountNames> AddAsync(string login, string password, CancellationToken cancellationToken) => Task.FromResult(Add(login, password));

    public Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Add("o'n(e)&/?#%27 eq 'x'+$top", password));

    public Task<AccountNames> AddTwiceAsync(CancellationToken cancellationToken)
    {
        var names = Add("one", "F0rmer.Passw0rd!");
        emulator.Directory.Add(new GraphUser(Guid.NewGuid(), "other@alpha.test") { Mail = names.Mail }, "F0rmer.Passw0rd!");
        return Task.FromResult(names with { UserPrincipalName = null });
    }

    public override Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken) => Task.FromResult(UserOf(names).Password == password);

    public Task RemoveAsync(AccountNames names, CancellationToken cancellationToken)
    {
        emulator.Directory.Remove(UserOf(names).Id);
        return Task.CompletedTask;
    }

    public Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken)
    {
        emulator.Directory.Set(UserOf(names).Id, password, mustChange: false);
        return Task.CompletedTask;
    }

    public void ThrottleNext(TimeSpan? retryAfter) =>
        emulator.AnswerNextWrite(new GraphAnswer(429, "TooManyRequests", "Too many requests.", retryAfter is { } pause ? $"{pause.TotalSeconds:0}" : null, IsApplied: false));

    public IProvider WithWrongCredentials() => Make(Options with { ClientSecret = "file:" + folder.Write("wrong", "not the secret"), ClientCertificate = null });

    public Task<IProvider> WithoutRightsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IProvider>(Make(Options with { ClientId = WeakClient.ToString(), ClientSecret = "file:" + folder.Write("weak", Secret), ClientCertificate = null }));

    public IProvider WithForeignRoots()
    {
        using var foreign = CertificateAuthority.Create("somebody else");
        var http = Options.Graph with { TrustedRoots = folder.Write("foreign.pem", foreign.CertificatePem) };
        return Make(Options with { Authority = http, Graph = http });
    }

    public IProvider At(IPEndPoint endPoint)
    {
        var http = Options.Graph with { Url = new Uri($"https://{endPoint}/") };
        return Make(Options with { Authority = http, Graph = http });
    }

    public override async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        await emulator.DisposeAsync();
        folder.Dispose();
    }

    private AccountNames Add(string login, string password)
    {
        var names = Any.Names(login);
        emulator.Directory.Add(new GraphUser(Guid.NewGuid(), names.UserPrincipalName!) { Mail = names.Mail }, password);
        return names;
    }
}
