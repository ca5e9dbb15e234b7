using System.Net;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Ldap;
using PasswordSync.Providers.ActiveDirectory;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

/// <summary>A real Samba domain, shared by the tests; each test adds accounts of its own.</summary>
internal sealed class SambaConformanceTarget : ConformanceTarget, ISearchableTarget, ITlsTarget
{
    /// <summary>Several classes of tests share the domain, and its name can be added once.</summary>
    private static readonly SemaphoreSlim Naming = new(1, 1);

    private readonly ScratchFolder folder = new();
    private readonly SambaDomain domain;

    public SambaConformanceTarget(SambaDomain domain, DirectorySecurity security)
    {
        this.domain = domain;
        Options = new ActiveDirectoryOptions
        {
            Directory = new DirectoryOptions
            {
                Servers = [new LdapServer(domain.First.Address.ToString(), security == DirectorySecurity.Ldaps ? LdapServer.DefaultTlsPort : LdapServer.DefaultPort)],
                Security = security,
                ConnectTimeout = Any.LongTime,
                RequestTimeout = Any.LongTime,
                TrustedRoots = [domain.AuthorityFile],
                BindName = security == DirectorySecurity.Kerberos ? "administrator" : domain.AdministratorName,
                Realm = security == DirectorySecurity.Kerberos ? domain.Options.Realm : null,
                BindPassword = "file:" + folder.Write("bind", SambaDomain.AdministratorPassword),
            },
            Match = [new MatchRule(SourceAttribute.SamAccountName, "sAMAccountName"), new MatchRule(SourceAttribute.Mail, "mail")],
            Source = new SourceId("beta"),
        };
        Provider = Make(Options);
    }

    /// <summary>
    /// As above, sealed by Kerberos. No DNS knows the domain controller's name in the lab, so it gets a service name with its address.
    /// </summary>
    public static async Task<SambaConformanceTarget> WithKerberosAsync(SambaDomain domain, CancellationToken cancellationToken)
    {
        LabKerberos.UseInThisProcess(domain);
        var controller = $"CN={domain.First.Name.ToUpperInvariant()},OU=Domain Controllers,{domain.BaseName}";
        var service = $"ldap/{domain.First.Address}";
        await Naming.WaitAsync(cancellationToken);
        try
        {
            var names = await domain.First.ReadAttributeAsync(controller, "servicePrincipalName", cancellationToken);
            if (!names.Any(name => System.Text.Encoding.UTF8.GetString(name) == service))
            {
                await domain.First.ApplyLdifAsync($"dn: {controller}\nchangetype: modify\nadd: servicePrincipalName\nservicePrincipalName: {service}\n", cancellationToken);
            }
        }
        finally
        {
            Naming.Release();
        }

        return new SambaConformanceTarget(domain, DirectorySecurity.Kerberos);
    }

    public ActiveDirectoryOptions Options { get; }

    public IPEndPoint EndPoint => new(domain.First.Address, Options.Directory.Servers[0].Port);

    public override IProvider Provider { get; }

    public override string RefusedPassword => "Sh0rt!";

    public static ActiveDirectoryProvider Make(ActiveDirectoryOptions options) => new(options, Any.Context(TimeProvider.System));

    public override async Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken)
    {
        var user = await domain.AddUserAsync($"u{Guid.NewGuid():N}"[..16], password, cancellationToken);
        return new AccountNames(user.DistinguishedName, user.AccountName, domain.PrincipalNameOf(user), user.Mail);
    }

    public async Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken)
    {
        var names = await AddAsync(password, cancellationToken);
        var odd = $"o'n(e)&#%-{names.SamAccountName[..8]}";
        await domain.First.ApplyLdifAsync($"dn: {names.DistinguishedName}\nchangetype: modify\nreplace: sAMAccountName\nsAMAccountName: {odd}\n", cancellationToken);
        return names with { SamAccountName = odd };
    }

    public async Task<AccountNames> AddTwiceAsync(CancellationToken cancellationToken)
    {
        var (one, other) = (await AddAsync("F0rmer.Passw0rd!", cancellationToken), await AddAsync("F0rmer.Passw0rd!", cancellationToken));
        await domain.First.ApplyLdifAsync($"dn: {other.DistinguishedName}\nchangetype: modify\nreplace: mail\nmail: {one.Mail}\n", cancellationToken);
        return one with { SamAccountName = "nobody-has-this" };
    }

    public override async Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken) =>
        (await domain.First.BindAsync(names.UserPrincipalName!, password, cancellationToken)).Accepted;

    public Task RemoveAsync(AccountNames names, CancellationToken cancellationToken) =>
        domain.First.ApplyLdifAsync($"dn: {names.DistinguishedName}\nchangetype: delete\n", cancellationToken);

    public async Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken)
    {
        var value = Convert.ToBase64String(System.Text.Encoding.Unicode.GetBytes($"\"{password}\""));
        await domain.First.ApplyLdifAsync($"dn: {names.DistinguishedName}\nchangetype: modify\nreplace: unicodePwd\nunicodePwd:: {value}\n", cancellationToken);
    }

    public IProvider WithWrongCredentials() =>
        Make(Options with { Directory = Options.Directory with { BindPassword = "file:" + folder.Write("wrong", "not the password") } });

    public async Task<IProvider> WithoutRightsAsync(CancellationToken cancellationToken)
    {
        var weak = await AddAsync("W3ak.Service.Passw0rd", cancellationToken);
        return Make(Options with { Directory = Options.Directory with { BindName = weak.UserPrincipalName, BindPassword = "file:" + folder.Write("weak", "W3ak.Service.Passw0rd") } });
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
