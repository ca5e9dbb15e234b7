using System.Collections.Immutable;
using System.Net;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Ldap;
using PasswordSync.Providers.ActiveDirectory;
using PasswordSync.Providers.ActiveDirectory.Forests;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Tests.Support;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory.Forests;

/// <summary>
/// Two real Samba domains. Samba's tool cannot make the second one a child of the first, so they share nothing by themselves: the first has crossRef objects for
/// the second and for one that is down, and in its Global Catalog what replication would bring of their accounts, below <c>OU=Child</c> and <c>OU=Gone</c>.
/// The service has an account of the same name and password in both.
/// </summary>
public sealed class TwoDomainForest(LabServers servers) : IAsyncLifetime
{
    /// <summary>The tests that share it, one after the other.</summary>
    public const string Tests = nameof(TwoDomainForest);

    private const string ServicePassword = "S3rvice.Passw0rd!";

    private readonly ScratchFolder folder = new();

    public SambaDomain Root { get; private set; } = null!;

    public SambaDomain Child { get; private set; } = null!;

    /// <summary>The DNS server of both.</summary>
    public SambaNameService Names { get; private set; } = null!;

    public ActiveDirectoryOptions Options { get; private set; } = null!;

    /// <summary>Starts the domains and makes a forest of them.</summary>
    public async ValueTask InitializeAsync()
    {
        var cancellationToken = CancellationToken.None;

        // Its own: Samba's KDC gives out no tickets for services any more once there are crossRef objects without a domain behind them.
        Root = await SambaDomain.StartAsync(KerberosDomain.Options, cancellationToken);
        Child = await servers.DomainAsync(new SambaDomainOptions { Realm = "CHILD.KERBEROS.TEST" }, cancellationToken);
        Names = new SambaNameService(Root);
        Options = MakeOptions();
        await Names.SetAddressAsync("dc1", Root.First.Address, cancellationToken);
        await Names.SetAddressAsync("dc0", IPAddress.Parse("127.77.255.254"), cancellationToken);
        await Names.SetAddressAsync("dc1.child", Child.First.Address, cancellationToken);
        await Names.SetServiceAsync("_ldap._tcp.pdc", cancellationToken, (0, "dc1"));
        await Names.SetCatalogAsync(cancellationToken, (0, "dc1"));
        await Names.SetServiceBelowAsync("child", "_ldap._tcp.pdc", cancellationToken, (0, "dc1.child"));
        foreach (var name in (string[])["Child", "Gone"])
        {
            await Root.First.AddAsReplicationWouldAsync(
                $"dn: OU={name},{Root.BaseName}\nobjectClass: organizationalUnit\n\n"
                + $"dn: CN={name.ToUpperInvariant()},CN=Partitions,CN=Configuration,{Root.BaseName}\nobjectClass: crossRef\nnCName: OU={name},{Root.BaseName}\n"
                + $"dnsRoot: {name.ToLowerInvariant()}.{NameOf(Root)}\nnETBIOSName: {name.ToUpperInvariant()}\nsystemFlags: 3\n",
                cancellationToken);
        }

        foreach (var domain in (SambaDomain[])[Root, Child])
        {
            var service = await domain.AddUserAsync("sync", ServicePassword, cancellationToken);
            await domain.First.ApplyLdifAsync(
                $"dn: {service.DistinguishedName}\nchangetype: modify\nreplace: userPrincipalName\nuserPrincipalName: sync@{NameOf(Root)}\n\n"
                + $"dn: CN=Domain Admins,CN=Users,{domain.BaseName}\nchangetype: modify\nadd: member\nmember: {service.DistinguishedName}\n",
                cancellationToken);
        }
    }

    /// <summary>The same server several times: it is asked again where a busy machine kept it from answering in time.</summary>
    internal static IReadOnlyList<IPEndPoint> Patiently(SambaNameService names) => [.. Enumerable.Repeat(names.EndPoint, 16)];

    /// <summary>Adds an account of the root domain.</summary>
    public async Task<AccountNames> AddToRootAsync(CancellationToken cancellationToken)
    {
        var user = await Root.AddUserAsync(NewName(), "F0rmer.Passw0rd!", cancellationToken);
        return new AccountNames(user.DistinguishedName, user.AccountName, Root.PrincipalNameOf(user), user.Mail);
    }

    /// <summary>Adds an account of the child domain, and to the root's Global Catalog what replication would bring of it.</summary>
    public async Task<AccountNames> AddToChildAsync(CancellationToken cancellationToken)
    {
        var user = await Child.AddUserAsync(NewName(), "F0rmer.Passw0rd!", cancellationToken);
        var id = new Guid((await Child.First.ReadAttributeAsync(user.DistinguishedName, "objectGUID", cancellationToken)).Single());
        await ReplicateAsync("Child", user.AccountName, user.Mail, id, cancellationToken);
        return new AccountNames(user.DistinguishedName, user.AccountName, Child.PrincipalNameOf(user), user.Mail);
    }

    /// <summary>Adds an account to the root's Global Catalog only.</summary>
    /// <param name="domain">Child or Gone.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<AccountNames> AddToCatalogAsync(string domain, CancellationToken cancellationToken)
    {
        var name = NewName();
        await ReplicateAsync(domain, name, $"{name}@example.test", Guid.NewGuid(), cancellationToken);
        return new AccountNames($"CN={name},OU=People,DC={domain}", name, null, $"{name}@example.test");
    }

    public async ValueTask DisposeAsync()
    {
        folder.Dispose();
        if (Root is not null) await Root.DisposeAsync();
    }

    private ActiveDirectoryOptions MakeOptions() => new()
    {
        Directory = new DirectoryOptions
        {
            Servers = [],
            Domain = new DomainControllerQuery { Domain = NameOf(Root), DnsServers = Patiently(Names), Port = LdapServer.DefaultTlsPort },
            ConnectTimeout = Any.LongTime,
            RequestTimeout = Any.LongTime,
            TrustedRoots = [Root.AuthorityFile, Child.AuthorityFile],
            BindName = $"sync@{NameOf(Root)}",
            BindPassword = "file:" + folder.Write("bind", ServicePassword),
        },
        Forest = new ForestOptions { Sources = ImmutableDictionary.Create<string, SourceId>(StringComparer.OrdinalIgnoreCase).Add(NameOf(Child), new SourceId("child")) },
        Match = [new(Matching.SourceAttribute.Mail, "mail")],
    };

    private static string NameOf(SambaDomain domain) => domain.Options.Realm.ToLowerInvariant();

    private static string NewName() => $"f{Guid.NewGuid():N}"[..16];

    private Task ReplicateAsync(string domain, string name, string mail, Guid id, CancellationToken cancellationToken) => Root.First.AddAsReplicationWouldAsync(
        $"dn: CN={name},OU={domain},{Root.BaseName}\nobjectClass: user\nsAMAccountName: {name}\nmail: {mail}\nuserAccountControl: 512\nobjectGUID:: {Convert.ToBase64String(id.ToByteArray())}\n", cancellationToken);
}

[CollectionDefinition(TwoDomainForest.Tests)]
public sealed class TestsOfTwoDomainForest : ICollectionFixture<TwoDomainForest>;
