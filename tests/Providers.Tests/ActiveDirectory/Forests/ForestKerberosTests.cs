using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Ldap;
using PasswordSync.Providers.ActiveDirectory.Forests;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory.Forests;

public sealed class ForestKerberosTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_forest_of_one_domain_is_searched_and_written_sealed_by_Kerberos()
    {
        var domain = await servers.DomainAsync(KerberosDomain.Options, Token);
        await using var target = await SambaConformanceTarget.WithKerberosAsync(domain, Token);
        var records = new SambaNameService(domain);
        await records.SetAddressAsync("dc1", domain.First.Address, Token);
        await records.SetServiceAsync("_ldap._tcp.pdc", Token, (0, "dc1"));
        await records.SetCatalogAsync(Token, (0, "dc1"));
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        await using var provider = SambaConformanceTarget.Make(target.Options with
        {
            Source = null,
            Forest = new ForestOptions(),
            Match = [new MatchRule(SourceAttribute.Mail, "mail")],
            Directory = target.Options.Directory with
            {
                Servers = [],
                Domain = new DomainControllerQuery { Domain = "kerberos.test", DnsServers = TwoDomainForest.Patiently(records) },
                ConnectTimeout = Any.LongTime,
                RequestTimeout = Any.LongTime,
            },
        });

        var prepared = await provider.PrepareAsync(Any.Query(names), Token);
        var found = prepared.ShouldBeOfType<Preparation.Found>(prepared.ToString());
        using var password = Any.Secret("N3w.Passw0rd!");
        (await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).ShouldBeOfType<DeliveryOutcome.Delivered>();

        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
        var checks = (await provider.VerifyAsync(Token)).Checks;
        checks.Single(check => check.Name == "reachability").Finding.ShouldBe("dc1.kerberos.test:3268 answers.");
        checks.Single(check => check.Name == "domain kerberos.test").Finding.ShouldStartWith("dc1.kerberos.test:389 answers.");
    }
}
