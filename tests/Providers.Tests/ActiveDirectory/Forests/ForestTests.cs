using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Ldap;
using PasswordSync.Providers.ActiveDirectory;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory.Forests;

/// <summary>Accounts of several domains by one sync point, through a real Global Catalog; see <see cref="TwoDomainForest"/> for what stands for a forest.</summary>
[Collection(TwoDomainForest.Tests)]
public sealed class ForestTests(TwoDomainForest forest)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DirectorySecurity.Ldaps, 3269)]
    [InlineData(DirectorySecurity.StartTls, 3268)]
    public async Task An_account_of_the_root_domain_is_found_in_the_catalog_and_written_in_its_domain(DirectorySecurity security, int port)
    {
        var names = await forest.AddToRootAsync(Token);
        var options = forest.Options;
        await using var provider = SambaConformanceTarget.Make(options with
        {
            Directory = options.Directory with
            {
                Security = security,
                Domain = options.Directory.Domain! with { Port = security == DirectorySecurity.Ldaps ? LdapServer.DefaultTlsPort : null },
            },
            Match = [new(Matching.SourceAttribute.UserPrincipalName, "userPrincipalName")],
        });

        var prepared = await provider.PrepareAsync(Any.Query(names), Token);
        var found = prepared.ShouldBeOfType<Preparation.Found>(prepared.ToString());
        found.Target.DisplayName.ShouldBe(names.DistinguishedName);
        found.Target.AsSourceAccount.ShouldBeNull("only the child is a source");
        var outcome = (await SetAsync(provider, found)).ShouldBeOfType<DeliveryOutcome.Delivered>();

        outcome.Mark.ShouldNotBeNull().ShouldNotBe(found.Mark);
        (await forest.Root.First.BindAsync(names.UserPrincipalName!, "N3w.Passw0rd!", Token)).Accepted.ShouldBeTrue();
        (await ReachAsync(provider)).ShouldContain($"dc1.kerberos.test:{port} answers.");
        using var password = Any.Secret("N3w.Passw0rd!");
        (await provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, found.Mark), password, Token)).ShouldBeOfType<ProbeVerdict.Present>().Mark.ShouldBe(outcome.Mark);
    }

    [Fact]
    public async Task An_account_of_another_domain_is_read_written_and_probed_there_and_as_its_source_s()
    {
        var names = await forest.AddToChildAsync(Token);
        await using var provider = SambaConformanceTarget.Make(forest.Options);
        var id = new Guid((await forest.Child.First.ReadAttributeAsync(names.DistinguishedName, "objectGUID", Token)).Single());

        var found = (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();
        found.Target.ShouldBe(new TargetAccount(id.ToString("D"), names.DistinguishedName, new AccountId(new SourceId("child"), id)));
        found.PresentStamp.ShouldNotBeNull().Version.ShouldBe(1u);
        var delivered = (await SetAsync(provider, found)).ShouldBeOfType<DeliveryOutcome.Delivered>();

        var seen = (await forest.Child.First.ReadPasswordStampAsync(names.DistinguishedName, Token)).ShouldNotBeNull();
        delivered.Mark.ShouldBe(new TargetMark($"{seen.Version}@{seen.OriginatingSecond}/{seen.InvocationId}"));
        delivered.WrittenStamp.ShouldNotBeNull().Version.ShouldBe(2u);
        (await forest.Child.First.BindAsync(names.UserPrincipalName!, "N3w.Passw0rd!", Token)).Accepted.ShouldBeTrue();
        using var password = Any.Secret("N3w.Passw0rd!");
        (await provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, found.Mark), password, Token))
            .ShouldBe(new ProbeVerdict.Present(delivered.Mark, delivered.WrittenStamp));
        using var weak = Any.Secret("short");
        (await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), weak, Token)).ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>();
    }

    [Fact]
    public async Task Accounts_of_two_domains_that_one_rule_matches_are_ambiguous_and_named()
    {
        var (inRoot, inChild) = (await forest.AddToRootAsync(Token), await forest.AddToChildAsync(Token));
        await forest.Root.First.ApplyLdifAsync($"dn: {inRoot.DistinguishedName}\nchangetype: modify\nreplace: mail\nmail: {inChild.Mail}\n", Token);
        await using var provider = SambaConformanceTarget.Make(forest.Options);

        var reason = await ReasonAsync<DeliveryOutcome.AccountNotFound>(provider, inChild);

        reason.ShouldStartWith("ambiguous: more than one account matches mail=mail");
        reason.ShouldContain(inRoot.DistinguishedName);
        reason.ShouldContain($"CN={inChild.SamAccountName},OU=Child,{forest.Root.BaseName}");
    }

    [Fact]
    public async Task A_missing_account_is_not_found_and_a_disabled_or_moved_one_is_written()
    {
        await using var provider = SambaConformanceTarget.Make(forest.Options);
        (await ReasonAsync<DeliveryOutcome.AccountNotFound>(provider, Any.Names("nobody-has-this"))).ShouldStartWith("No account matches");
        var names = await forest.AddToChildAsync(Token);
        await forest.Child.First.ApplyLdifAsync($"dn: {names.DistinguishedName}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 514\n", Token);

        var found = (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();
        await forest.Child.First.ApplyLdifAsync($"dn: {names.DistinguishedName}\nchangetype: moddn\nnewrdn: CN=moved-{names.SamAccountName}\ndeleteoldrdn: 1\nnewsuperior: CN=Users,{forest.Child.BaseName}\n", Token);

        (await SetAsync(provider, found)).ShouldBeOfType<DeliveryOutcome.Delivered>();
    }

    [Fact]
    public async Task A_catalog_that_is_late_is_a_matter_of_time_and_nobody_gets_a_password_by_it()
    {
        await using var provider = SambaConformanceTarget.Make(forest.Options);
        var deleted = await forest.AddToCatalogAsync("Child", Token);
        var renamed = await forest.AddToChildAsync(Token);
        await forest.Child.First.ApplyLdifAsync($"dn: {renamed.DistinguishedName}\nchangetype: modify\nreplace: mail\nmail: another-{renamed.Mail}\n", Token);

        foreach (var names in (AccountNames[])[deleted, renamed])
        {
            (await ReasonAsync<DeliveryOutcome.Transient>(provider, names)).ShouldContain("has no such account: it was moved, renamed or deleted just now");
        }

        var gone = await provider.SetPasswordAsync(Any.Set(new TargetAccount(Guid.NewGuid().ToString("D"), "gone", null), null, TimeProvider.System), Any.Secret("N3w.Passw0rd!"), Token);
        gone.ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("does not list the account");
    }

    [Fact]
    public async Task A_domain_that_is_down_stops_its_own_accounts_only_and_is_named()
    {
        await using var provider = SambaConformanceTarget.Make(forest.Options);

        (await ReasonAsync<DeliveryOutcome.Transient>(provider, await forest.AddToCatalogAsync("Gone", Token))).ShouldStartWith("No domain controller of gone.kerberos.test can be found.");

        (await provider.PrepareAsync(Any.Query(await forest.AddToChildAsync(Token)), Token)).ShouldBeOfType<Preparation.Found>();
    }

    [Fact]
    public async Task A_catalog_that_is_down_gives_way_to_the_next_and_with_none_left_it_is_a_matter_of_time()
    {
        var names = await forest.AddToRootAsync(Token);
        try
        {
            await forest.Names.SetCatalogAsync(Token, (0, "dc0"), (10, "dc1"));
            await using var second = SambaConformanceTarget.Make(forest.Options);
            (await second.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();

            await forest.Names.SetCatalogAsync(Token, (0, "dc0"));
            await using var none = SambaConformanceTarget.Make(forest.Options);
            (await ReasonAsync<DeliveryOutcome.Transient>(none, names)).ShouldContain("dc0.kerberos.test:3269");
            using var password = Any.Secret("N3w.Passw0rd!");
            (await none.SetPasswordAsync(Any.Set(Any.Target(names.SamAccountName), null, TimeProvider.System), password, Token)).ShouldBeOfType<DeliveryOutcome.Transient>();
        }
        finally
        {
            await forest.Names.SetCatalogAsync(CancellationToken.None, (0, "dc1"));
        }
    }

    [Fact]
    public async Task Verification_names_every_domain_of_the_forest_and_what_the_catalog_does_not_have()
    {
        var names = await forest.AddToChildAsync(Token);
        await using var provider = SambaConformanceTarget.Make(forest.Options with
        {
            VerifyAccount = names.SamAccountName,
            Match = [new(Matching.SourceAttribute.Mail, "mail"), new(Matching.SourceAttribute.Mail, "employeeID")],
        });

        var report = await provider.VerifyAsync(Token);

        Finding("globalCatalog", VerificationResult.Passed).ShouldContain("child.kerberos.test, gone.kerberos.test, kerberos.test");
        Finding("domain kerberos.test", VerificationResult.Passed).ShouldBe("dc1.kerberos.test:636 answers. dc1.kerberos.test is the PDC emulator.");
        Finding("domain child.kerberos.test", VerificationResult.Passed).ShouldBe("dc1.child.kerberos.test:636 answers. dc1.child.kerberos.test is the PDC emulator.");
        Finding("domain gone.kerberos.test", VerificationResult.Failed).ShouldStartWith("No domain controller of gone.kerberos.test can be found.");
        report.Checks.Where(check => check.Name == "match").Select(check => check.Result).ShouldBe([VerificationResult.Passed, VerificationResult.Failed]);
        report.Checks.Single(check => check is { Name: "match", Result: VerificationResult.Failed }).Finding.ShouldContain("does not have employeeID");
        Finding("mark", VerificationResult.Passed).ShouldContain(names.DistinguishedName);
        Finding("rights", VerificationResult.Passed).ShouldContain(names.DistinguishedName);
        report.Policies.Select(policy => policy.Name).ShouldBe(["the domain's policy of child.kerberos.test", "the domain's policy of kerberos.test"]);

        string Finding(string name, VerificationResult result)
        {
            var check = report.Checks.Single(check => check.Name == name);
            check.Result.ShouldBe(result, check.Finding);
            return check.Finding;
        }
    }

    private static async Task<string> ReachAsync(ActiveDirectoryProvider provider) =>
        (await provider.VerifyAsync(Token)).Checks.Single(check => check.Name == "reachability").Finding;

    private static async Task<DeliveryOutcome> SetAsync(ActiveDirectoryProvider provider, Preparation.Found found)
    {
        using var password = Any.Secret("N3w.Passw0rd!");
        return await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);
    }

    private static async Task<string> ReasonAsync<TOutcome>(ActiveDirectoryProvider provider, AccountNames names)
        where TOutcome : DeliveryOutcome =>
        (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<TOutcome>().Explain().ShouldNotBeNull();
}
