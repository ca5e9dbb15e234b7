using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.ActiveDirectory;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

/// <summary>Accounts that take their rights from AdminSDHolder, and a service whose rights come from an organisational unit.</summary>
public sealed class ProtectedAccountTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_grant_on_the_organisational_unit_does_not_reach_a_protected_account_and_the_refusal_explains_it()
    {
        var domain = await servers.DomainAsync(new SambaDomainOptions(), Token);
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        var unit = $"OU=protected-{Guid.NewGuid():N},{domain.BaseName}";
        await domain.First.ApplyLdifAsync($"dn: {unit}\nchangetype: add\nobjectClass: organizationalUnit\n", Token);
        var service = await target.AddAsync("Service.Passw0rd!", Token);
        await Delegation.GrantAsync(domain, unit, Delegation.OfUsersBelow, service, Token);
        var (plain, guarded) = (await AddBelowAsync(target, domain, unit), await AddBelowAsync(target, domain, unit));
        await ProtectAsync(domain, guarded);
        using var folder = new ScratchFolder();
        await using var provider = SambaConformanceTarget.Make(target.Options with
        {
            Directory = target.Options.Directory with { BindName = service.UserPrincipalName, BindPassword = "file:" + folder.Write("service", "Service.Passw0rd!") },
            VerifyAccount = guarded.SamAccountName,
        });

        (await SetAsync(provider, plain)).ShouldBeOfType<DeliveryOutcome.Delivered>();
        var reason = (await SetAsync(provider, guarded)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason;
        var check = (await provider.VerifyAsync(Token)).Checks.Single(check => check.Result == VerificationResult.Failed);

        reason.ShouldContain("adminCount = 1");
        reason.ShouldContain("Leave such accounts out of the scope, or grant the right on AdminSDHolder");
        (await target.HasAsync(guarded, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
        check.Name.ShouldBe("rights");
        check.Finding.ShouldContain("adminCount = 1");
    }

    [Fact]
    public async Task A_right_that_is_missing_on_an_account_that_is_not_protected_says_nothing_of_AdminSDHolder()
    {
        var domain = await servers.DomainAsync(new SambaDomainOptions(), Token);
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        await using var provider = await target.WithoutRightsAsync(Token);

        (await SetAsync((ActiveDirectoryProvider)provider, names)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldNotContain("AdminSDHolder");
    }

    private static async Task<AccountNames> AddBelowAsync(SambaConformanceTarget target, SambaDomain domain, string unit)
    {
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        await domain.First.ApplyLdifAsync($"dn: {names.DistinguishedName}\nchangetype: modrdn\nnewrdn: CN={names.SamAccountName}\ndeleteoldrdn: 1\nnewsuperior: {unit}\n", Token);
        return names with { DistinguishedName = $"CN={names.SamAccountName},{unit}" };
    }

    /// <summary>As a Windows domain does once an hour for members of its groups of administrators; Samba never does it by itself.</summary>
    private static async Task ProtectAsync(SambaDomain domain, AccountNames names)
    {
        var holder = (await domain.First.ReadAttributeAsync($"CN=AdminSDHolder,CN=System,{domain.BaseName}", "nTSecurityDescriptor", Token)).Single();

        // SE_DACL_PROTECTED (MS-DTYP 2.4.6), which Windows has there: nothing is inherited.
        holder[3] |= 0x10;
        await domain.First.ApplyLdifAsync(
            $"dn: {names.DistinguishedName}\nchangetype: modify\nreplace: adminCount\nadminCount: 1\n-\nreplace: nTSecurityDescriptor\nnTSecurityDescriptor:: {Convert.ToBase64String(holder)}\n", Token);
    }

    private static async Task<DeliveryOutcome> SetAsync(ActiveDirectoryProvider provider, AccountNames names)
    {
        var found = (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();
        using var password = Any.Secret("N3w.Passw0rd!");
        return await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);
    }
}
