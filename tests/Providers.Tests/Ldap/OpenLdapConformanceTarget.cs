using System.Net;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Ldap;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Ldap;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;

namespace PasswordSync.Providers.Tests.Ldap;

/// <summary>A real slapd, shared by the tests; each test adds accounts of its own.</summary>
internal sealed class OpenLdapConformanceTarget : ConformanceTarget, ISearchableTarget, ITlsTarget
{
    /// <summary>With rules that matter to the tests: a minimum length, a history, and locking after three failures.</summary>
    public static readonly OpenLdapOptions Kind = new() { MinimumLength = 8, HistoryLength = 3, LockoutThreshold = 3 };

    private readonly ScratchFolder folder = new();

    public OpenLdapConformanceTarget(OpenLdapServer server, DirectorySecurity security)
    {
        Server = server;
        Options = new LdapTargetOptions
        {
            Directory = new DirectoryOptions
            {
                Servers = [new LdapServer(server.Address.ToString(), security == DirectorySecurity.Ldaps ? LdapServer.DefaultTlsPort : LdapServer.DefaultPort)],
                Security = security,
                ConnectTimeout = Any.LongTime,
                RequestTimeout = Any.LongTime,
                TrustedRoots = [server.AuthorityFile],
                BindName = server.SynchronisationName,
                BindPassword = "file:" + folder.Write("bind", OpenLdapServer.SynchronisationPassword),
            },
            Base = server.UserContainer,
        };
        Provider = Make(Options);
    }

    public OpenLdapServer Server { get; }

    public LdapTargetOptions Options { get; }

    public IPEndPoint EndPoint => new(Server.Address, Options.Directory.Servers[0].Port);

    public override IProvider Provider { get; }

    public override string RefusedPassword => "Sh0rt!";

    public static LdapProvider Make(LdapTargetOptions options) => new(options, Any.Context(TimeProvider.System));

    public override async Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken)
    {
        var user = await Server.AddUserAsync($"u{Guid.NewGuid():N}"[..16], password, cancellationToken);
        return new AccountNames($"CN={user.AccountName},DC=alpha,DC=test", user.AccountName, UserPrincipalName: null, user.Mail);
    }

    public async Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken)
    {
        var names = Any.Names($"o'n(e)*,+&=/?#%41\\\"x-{Guid.NewGuid():N}"[..24]);
        await Server.ApplyLdifAsync($"dn: {DnOf(names)}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: {names.SamAccountName}\ncn: Odd\nsn: Odd\n", cancellationToken);
        await SetBehindTheBackAsync(names, password, cancellationToken);
        return names;
    }

    public async Task<AccountNames> AddTwiceAsync(CancellationToken cancellationToken)
    {
        var names = await AddAsync("F0rmer.Passw0rd!", cancellationToken);
        await Server.ApplyLdifAsync(
            $"dn: cn=twin of {names.SamAccountName},{Server.UserContainer}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: {names.SamAccountName}\ncn: twin of {names.SamAccountName}\nsn: Twin\n", cancellationToken);
        return names;
    }

    public override async Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken) =>
        (await Server.BindAsync(DnOf(names), password, cancellationToken)).Accepted;

    public Task RemoveAsync(AccountNames names, CancellationToken cancellationToken) =>
        Server.ApplyLdifAsync($"dn: {DnOf(names)}\nchangetype: delete\n", cancellationToken);

    public Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken) =>
        Server.ApplyLdifAsync($"dn: {DnOf(names)}\nchangetype: modify\nreplace: userPassword\nuserPassword: {password}\n", cancellationToken);

    /// <summary>With the login's special characters as hexadecimal pairs (RFC 4514, 2.4).</summary>
    public string DnOf(AccountNames names) =>
        $"uid={string.Concat(names.SamAccountName.Select(c => char.IsAsciiLetterOrDigit(c) ? c.ToString() : $"\\{(int)c:x2}"))},{Server.UserContainer}";

    public IProvider WithWrongCredentials() =>
        Make(Options with { Directory = Options.Directory with { BindPassword = "file:" + folder.Write("wrong", "not the password") } });

    public async Task<IProvider> WithoutRightsAsync(CancellationToken cancellationToken)
    {
        var weak = await AddAsync("W3ak.Service.Passw0rd", cancellationToken);
        return Make(Options with { Directory = Options.Directory with { BindName = DnOf(weak), BindPassword = "file:" + folder.Write("weak", "W3ak.Service.Passw0rd") } });
    }

    public IProvider WithForeignRoots()
    {
        using var foreign = CertificateAuthority.Create("somebody else");
        return Make(Options with { Directory = Options.Directory with { TrustedRoots = [folder.Write("foreign.pem", foreign.CertificatePem)] } });
    }

    public IProvider At(IPEndPoint endPoint) =>
        Make(Options with { Directory = Options.Directory with { Servers = [new LdapServer(endPoint.Address.ToString(), endPoint.Port)] } });

    public override async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        folder.Dispose();
    }
}
