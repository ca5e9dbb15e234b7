using System.Net;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.LocalAccounts;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;

namespace PasswordSync.Providers.Tests.LocalAccounts;

internal sealed class LocalAccountsTarget : ConformanceTarget, IConfigurableTarget, INetworkTarget
{
    private readonly ScratchFolder folder = new();
    private readonly SambaFileServer server;

    public LocalAccountsTarget(SambaFileServer server)
    {
        this.server = server;
        Options = new LocalAccountsOptions
        {
            Host = server.Address.ToString(),
            BindName = SambaFileServer.SynchronisationName,
            BindPassword = "file:" + folder.Write("bind", SambaFileServer.SynchronisationPassword),
        };
        Provider = Make(Options);
    }

    public LocalAccountsOptions Options { get; }

    public override IProvider Provider { get; }

    public object Settings => new { host = Options.Host, bindName = Options.BindName, bindPassword = Options.BindPassword };

    public override string RefusedPassword => "Sh0rt!";

    public IPEndPoint EndPoint => server.EndPoint;

    public static LocalAccountsProvider Make(LocalAccountsOptions options) => new(options, Any.Context(TimeProvider.System));

    public override Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken) => AddAsync($"u{Guid.NewGuid():N}"[..16], password, cancellationToken);

    public Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken) => AddAsync($"o'n(e)&%_$@x#{Guid.NewGuid():N}"[..20], password, cancellationToken);

    public override Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken) => server.SignsInAsync(names.SamAccountName!, password, cancellationToken);

    public Task RemoveAsync(AccountNames names, CancellationToken cancellationToken) => server.RemoveUserAsync(names.SamAccountName!, cancellationToken);

    public Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken) => server.SetPasswordAsync(names.SamAccountName!, password, cancellationToken);

    public IProvider WithWrongCredentials() => Make(Options with { BindPassword = "file:" + folder.Write("wrong", "not the password") });

    public async Task<IProvider> WithoutRightsAsync(CancellationToken cancellationToken)
    {
        var clerk = await AddAsync("Clerk.Passw0rd!", cancellationToken);
        return Make(Options with { BindName = clerk.SamAccountName, BindPassword = "file:" + folder.Write("clerk", "Clerk.Passw0rd!") });
    }

    /// <summary>The target's account is named with its host: whoever asks elsewhere must name it so, too.</summary>
    public IProvider At(IPEndPoint endPoint) => Make(Options with { Host = endPoint.Address.ToString(), Port = endPoint.Port });

    public override async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        folder.Dispose();
    }

    public async Task<AccountNames> AddAsync(string name, string password, CancellationToken cancellationToken)
    {
        await server.AddUserAsync(name, password, cancellationToken);
        return Any.Names(name);
    }
}
