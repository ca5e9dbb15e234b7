using System.Globalization;
using System.Net;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Passwordstate;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;

namespace PasswordSync.Providers.Tests.Passwordstate;

/// <summary>An emulated Passwordstate of the test's own.</summary>
internal sealed class PasswordstateConformanceTarget : ConformanceTarget, ISearchableTarget, IConfigurableTarget, ITlsTarget, IThrottlingTarget
{
    private readonly ScratchFolder folder = new();
    private int count;

    private PasswordstateConformanceTarget(PasswordstateEmulator emulator)
    {
        Emulator = emulator;
        Options = new PasswordstateOptions
        {
            Http = new HttpTargetOptions { Url = new Uri($"https://{emulator.EndPoint}/"), ConnectTimeout = Any.LongTime, TrustedRoots = emulator.AuthorityFile },
            ApiKey = "file:" + folder.Write("key", PasswordstateEmulator.Key),
            List = PasswordstateEmulator.List,
            Match = [new MatchRule(SourceAttribute.SamAccountName, "UserName"), new MatchRule(SourceAttribute.Mail, "Email")],
        };
        Provider = Make(Options);
    }

    public PasswordstateEmulator Emulator { get; }

    public PasswordstateOptions Options { get; }

    public override IProvider Provider { get; }

    public object Settings => new { url = Options.Http.Url, apiKey = Options.ApiKey, list = Options.List, trustedRoots = Options.Http.TrustedRoots, connectTimeout = "1m" };

    public IPEndPoint EndPoint => Emulator.EndPoint;

    public override string RefusedPassword => "Sh0rt!";

    public static async Task<PasswordstateConformanceTarget> OpenAsync(CancellationToken cancellationToken) => new(await PasswordstateEmulator.StartAsync(cancellationToken));

    public static PasswordstateProvider Make(PasswordstateOptions options) => new(options, Any.Context(TimeProvider.System));

    public override Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Add($"user{++count}", password));

    public Task<AccountNames> AddAsync(string login, string password, CancellationToken cancellationToken) => Task.FromResult(Add(login, password));

    public Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Add("o'n(e)&/?#%41=+\"x\"\\", password));

    public Task<AccountNames> AddTwiceAsync(CancellationToken cancellationToken)
    {
        var names = Add($"user{++count}", "F0rmer.Passw0rd!");
        Emulator.Add(names.SamAccountName, "", "OTHER", "F0rmer.Passw0rd!");
        return Task.FromResult(names);
    }

    public override Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken) =>
        Task.FromResult(Emulator.PasswordsOf(names.SamAccountName) is [var kept] && kept == password);

    public Task RemoveAsync(AccountNames names, CancellationToken cancellationToken)
    {
        Emulator.Remove(names.SamAccountName);
        return Task.CompletedTask;
    }

    public Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken)
    {
        Emulator.Set(names.SamAccountName, password);
        return Task.CompletedTask;
    }

    public void ThrottleNext(TimeSpan? retryAfter) =>
        Emulator.AnswerNextWrite(429, retryAfter is { } pause ? pause.TotalSeconds.ToString("0", CultureInfo.InvariantCulture) : null);

    public IProvider WithWrongCredentials() => Make(Options with { ApiKey = "file:" + folder.Write("wrong", "ffffffffffffffff") });

    public Task<IProvider> WithoutRightsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IProvider>(Make(Options with { ApiKey = "file:" + folder.Write("weak", PasswordstateEmulator.ReadingKey) }));

    public IProvider WithForeignRoots()
    {
        using var foreign = CertificateAuthority.Create("somebody else");
        return Make(Options with { Http = Options.Http with { TrustedRoots = folder.Write("foreign.pem", foreign.CertificatePem) } });
    }

    public IProvider At(IPEndPoint endPoint) => Make(Options with { Http = Options.Http with { Url = new Uri($"https://{endPoint}/") } });

    public override async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        await Emulator.DisposeAsync();
        folder.Dispose();
    }

    private AccountNames Add(string login, string password)
    {
        var names = Any.Names(login);
        Emulator.Add(login, names.Mail!, "ALPHA", password);
        return names;
    }
}
