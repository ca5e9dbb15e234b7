using System.Net;
using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Ldap;
using PasswordSync.Providers.ActiveDirectory;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Tests.ActiveDirectory.Forests;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

/// <summary>Domain controllers that a real DC's own DNS server names, to a machine whose DNS knows none of them.</summary>
public sealed class DomainControllerChoiceTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_PDC_emulator_is_first_and_its_name_serves_for_TLS_and_for_Kerberos()
    {
        var (domain, target) = await OpenAsync();
        await using var _ = target;
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        foreach (var security in (DirectorySecurity[])[DirectorySecurity.Ldaps, DirectorySecurity.Kerberos])
        {
            await using var provider = Make(target, domain, security, query => query);

            (await AnswersAsync(provider)).ShouldBe($"{domain.First.FullName}:{(security == DirectorySecurity.Ldaps ? 636 : 389)} answers.");
            var found = (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();
            using var password = Any.Secret($"N3w.Passw0rd!{security}");
            var request = Any.Set(found.Target, found.Mark, TimeProvider.System);
            (await provider.SetPasswordAsync(request, password, Token)).ShouldBeOfType<DeliveryOutcome.Delivered>();
            request.Permit.Server.ShouldBe($"{domain.First.FullName}:{(security == DirectorySecurity.Ldaps ? 636 : 389)}", "the one of the domain that was found");
        }

        (await target.HasAsync(names, "N3w.Passw0rd!Kerberos", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_controller_of_the_site_that_is_down_gives_way_to_the_others_in_the_order_of_DNS()
    {
        var (domain, target) = await OpenAsync();
        await using var _ = target;
        await using var provider = Make(target, domain, DirectorySecurity.Ldaps, query => query with { Preference = DomainControllerPreference.Site, Site = "berlin" });
        var found = await new DomainControllerLocator(Query(domain) with { Preference = DomainControllerPreference.Site, Site = "berlin" }, TimeProvider.System).FindAsync(Token);

        found.Select(server => server.Host).ShouldBe(["dc0.kerberos.test", "dc1.kerberos.test"]);
        (await AnswersAsync(provider)).ShouldBe("dc1.kerberos.test:636 answers.");
    }

    [Fact]
    public async Task A_domain_that_DNS_does_not_know_and_controllers_that_the_node_does_not_allow_are_told()
    {
        var (domain, target) = await OpenAsync();
        await using var _ = target;
        await using var elsewhere = Make(target, domain, DirectorySecurity.Ldaps, query => query with { Domain = "nowhere.test" });
        await using var forbidden = Make(target, domain, DirectorySecurity.Ldaps, query => query with { IsAllowed = server => server.Host == "dc9.kerberos.test" });

        (await FailsAsync(elsewhere)).ShouldContain("No domain controller of nowhere.test can be found.");
        (await FailsAsync(forbidden)).ShouldContain("none of which may be used here: dc1.kerberos.test:636, dc0.kerberos.test:636");
    }

    private async Task<(SambaDomain Domain, SambaConformanceTarget Target)> OpenAsync()
    {
        var domain = await servers.DomainAsync(KerberosDomain.Options, Token);
        var target = await SambaConformanceTarget.WithKerberosAsync(domain, Token);
        var records = new SambaNameService(domain);
        await records.SetAddressAsync("dc1", domain.First.Address, Token);
        await records.SetAddressAsync("dc0", IPAddress.Parse("127.77.255.254"), Token);
        await records.SetServiceAsync("_ldap._tcp.dc", Token, (0, "dc0"), (10, "dc1"));
        await records.SetServiceAsync("_ldap._tcp.pdc", Token, (0, "dc1"));
        await records.SetServiceAsync("_ldap._tcp.berlin._sites.dc", Token, (0, "dc0"));
        return (domain, target);
    }

    private static DomainControllerQuery Query(SambaDomain domain) => new() { Domain = domain.Options.Realm.ToLowerInvariant(), DnsServers = TwoDomainForest.Patiently(new SambaNameService(domain)) };

    private static ActiveDirectoryProvider Make(SambaConformanceTarget target, SambaDomain domain, DirectorySecurity security, Func<DomainControllerQuery, DomainControllerQuery> change)
    {
        var isKerberos = security == DirectorySecurity.Kerberos;
        return SambaConformanceTarget.Make(target.Options with
        {
            Directory = target.Options.Directory with
            {
                Servers = [],
                Domain = change(Query(domain)) with { Port = isKerberos ? null : LdapServer.DefaultTlsPort },
                Security = security,
                BindName = isKerberos ? "administrator" : domain.AdministratorName,
            },
        });
    }

    private static async Task<string> AnswersAsync(ActiveDirectoryProvider provider)
    {
        var checks = (await provider.VerifyAsync(Token)).Checks;
        checks.ShouldAllBe(check => check.Result != VerificationResult.Failed);
        return checks.Single(check => check.Name == "reachability").Finding;
    }

    private static async Task<string> FailsAsync(ActiveDirectoryProvider provider) =>
        (await provider.VerifyAsync(Token)).Checks.Single(check => check.Result == VerificationResult.Failed).Finding;
}
