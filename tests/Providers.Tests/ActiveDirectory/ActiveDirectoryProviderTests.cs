using System.Collections.Immutable;
using System.Text;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Ldap;
using PasswordSync.Providers.ActiveDirectory;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

public sealed class ActiveDirectoryProviderTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SourceAttribute.UserPrincipalName, "userPrincipalName")]
    [InlineData(SourceAttribute.Mail, "mail")]
    [InlineData(SourceAttribute.Mail, "userPrincipalName")]
    [InlineData(SourceAttribute.ObjectGuid, "objectGUID")]
    public async Task An_account_is_found_by_any_pair_of_attributes(SourceAttribute source, string attribute)
    {
        var domain = await DomainAsync();
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var guid = new Guid((await domain.First.ReadAttributeAsync(names.DistinguishedName, "objectGUID", Token)).Single());
        var query = new TargetQuery(
            Any.CaptureId(), new AccountId(new SourceId("alpha"), guid),
            names with { SamAccountName = "other", Mail = attribute == "mail" ? names.Mail : names.UserPrincipalName });
        await using var provider = SambaConformanceTarget.Make(target.Options with { Match = [new MatchRule(source, attribute)] });

        (await provider.PrepareAsync(query, Token)).ShouldBeOfType<Preparation.Found>().Target.DisplayName.ShouldBe(names.DistinguishedName);
    }

    [Theory]
    [InlineData("DC1$")]
    [InlineData("krbtgt")]
    public async Task Accounts_of_machines_and_of_the_KDC_are_never_matched(string name)
    {
        await using var target = new SambaConformanceTarget(await DomainAsync(), DirectorySecurity.Ldaps);

        (await target.Provider.PrepareAsync(Any.Query(name), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.AccountNotFound>();
    }

    [Fact]
    public async Task An_account_that_was_renamed_in_between_is_still_the_one_that_is_written()
    {
        var domain = await DomainAsync();
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target.Provider, names);
        await domain.First.ApplyLdifAsync($"dn: {names.DistinguishedName}\nchangetype: modrdn\nnewrdn: CN=renamed-{names.SamAccountName}\ndeleteoldrdn: 1\nnewsuperior: CN=Users,{domain.BaseName}\n", Token);

        (await SetAsync(target.Provider, found, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();

        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("Sh0rt!", "minimum length, which is 7")]
    [InlineData("alllowercase", "complexity")]
    public async Task A_refusal_by_the_rules_names_the_likely_one_and_not_the_password(string text, string rule)
    {
        await using var target = new SambaConformanceTarget(await DomainAsync(), DirectorySecurity.Ldaps);
        var found = await FindAsync(target.Provider, await target.AddAsync("F0rmer.Passw0rd!", Token));

        var refused = (await SetAsync(target.Provider, found, text)).ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>();

        refused.Reason.ShouldContain(rule);
        refused.Reason.ShouldContain("0000052D");
        refused.Reason.ShouldNotContain(text);
    }

    [Fact]
    public async Task A_service_without_the_right_is_a_misconfiguration_that_verification_finds_too()
    {
        await using var target = new SambaConformanceTarget(await DomainAsync(), DirectorySecurity.Ldaps);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var weak = await target.AddAsync("W3ak.Service.Passw0rd", Token);
        var found = await FindAsync(target.Provider, names);
        using var folder = new ScratchFolder();
        await using var provider = SambaConformanceTarget.Make(target.Options with
        {
            Directory = target.Options.Directory with { BindName = weak.UserPrincipalName, BindPassword = "file:" + folder.Write("weak", "W3ak.Service.Passw0rd") },
            VerifyAccount = names.SamAccountName,
        });

        (await SetAsync(provider, found, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("may not reset the password");
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
        (await provider.VerifyAsync(Token)).Checks.Single(check => check.Result == VerificationResult.Failed).Name.ShouldBe("rights");
    }

    [Fact]
    public async Task A_service_with_the_documented_rights_and_no_more_can_do_everything()
    {
        var domain = await DomainAsync();
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var service = await target.AddAsync("Service.Passw0rd!", Token);
        await Delegation.GrantAsync(domain, names.DistinguishedName, "", service, Token);
        using var folder = new ScratchFolder();
        await using var provider = SambaConformanceTarget.Make(target.Options with
        {
            Directory = target.Options.Directory with { BindName = service.UserPrincipalName, BindPassword = "file:" + folder.Write("service", "Service.Passw0rd!") },
            CarryMustChange = true,
            VerifyAccount = names.SamAccountName,
        });
        var found = await FindAsync(provider, names);
        using var password = Any.Secret("N3w.Passw0rd!");

        (await provider.VerifyAsync(Token)).Checks.ShouldAllBe(check => check.Result == VerificationResult.Passed);
        var delivered = (await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).ShouldBeOfType<DeliveryOutcome.Delivered>();
        delivered.WrittenStamp.ShouldNotBeNull();
        (await provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, found.Mark), password, Token)).ShouldBe(new ProbeVerdict.Present(delivered.Mark, delivered.WrittenStamp));
        (await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System) with { MustChangeAtNextLogon = true }, password, Token)).IsSuccess.ShouldBeTrue();
    }

    [Fact]
    public async Task A_verification_with_an_account_checks_the_rights_and_changes_nothing()
    {
        await using var target = new SambaConformanceTarget(await DomainAsync(), DirectorySecurity.Ldaps);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var before = await FindAsync(target.Provider, names);
        await using var provider = SambaConformanceTarget.Make(target.Options with { VerifyAccount = names.SamAccountName });

        var report = await provider.VerifyAsync(Token);

        report.Checks.Select(check => (check.Name, check.Result)).ShouldBe(
            ((string[])["reachability", "certificate", "credentials", "domain", "pdc", "base", "mark", "rights"]).Select(name => (name, VerificationResult.Passed)));
        (await FindAsync(target.Provider, names)).Mark.ShouldBe(before.Mark);
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_password_that_must_be_changed_is_carried_only_if_the_setting_says_so()
    {
        var domain = await DomainAsync();
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        await using var carrying = SambaConformanceTarget.Make(target.Options with { CarryMustChange = true });
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target.Provider, names);
        using var password = Any.Secret("N3w.Passw0rd!");
        SetRequest Request() => Any.Set(found.Target, found.Mark, TimeProvider.System) with { MustChangeAtNextLogon = true };

        (await target.Provider.SetPasswordAsync(Request(), password, Token)).IsSuccess.ShouldBeTrue();
        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();

        (await carrying.SetPasswordAsync(Request(), password, Token)).IsSuccess.ShouldBeTrue();
        (await domain.First.BindAsync(names.UserPrincipalName!, "N3w.Passw0rd!", Token)).Diagnostics.ShouldContain("data 773");
        (await target.Provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, found.Mark), password, Token)).ShouldBeOfType<ProbeVerdict.Inconclusive>();
    }

    [Fact]
    public async Task The_second_server_is_used_when_the_first_is_down()
    {
        await using var target = new SambaConformanceTarget(await DomainAsync(), DirectorySecurity.Ldaps);
        using var down = new RefusingEndPoint();
        ImmutableArray<LdapServer> both = [new LdapServer(down.EndPoint.Address.ToString(), down.EndPoint.Port), .. target.Options.Directory.Servers];
        await using var provider = SambaConformanceTarget.Make(target.Options with { Directory = target.Options.Directory with { Servers = both } });
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);

        (await SetAsync(provider, await FindAsync(provider, names), "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();
    }

    [Fact]
    public void The_value_of_unicodePwd_is_the_quoted_password_in_UTF_16()
    {
        using var password = Any.Secret("Pä€\U0001F511");
        using var value = new UnicodePwd(password);

        value.Value.ToArray().ShouldBe(Encoding.Unicode.GetBytes("\"Pä€\U0001F511\""));
        value.Dispose();
        value.Value.ToArray().ShouldAllBe(single => single == 0);
    }

    private Task<SambaDomain> DomainAsync() => servers.DomainAsync(new SambaDomainOptions(), Token);

    private static async Task<Preparation.Found> FindAsync(IProvider provider, AccountNames names) =>
        (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();

    private static async Task<DeliveryOutcome> SetAsync(IProvider provider, Preparation.Found found, string text)
    {
        using var password = Any.Secret(text);
        return await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);
    }
}
