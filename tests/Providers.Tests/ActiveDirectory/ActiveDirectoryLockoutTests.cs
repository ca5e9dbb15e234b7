using System.Globalization;
using System.Text;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

/// <summary>In a domain that locks an account after two wrong passwords.</summary>
public sealed class ActiveDirectoryLockoutTests(LabServers servers)
{
    private static readonly SambaDomainOptions Locking = new() { Realm = "LOCK.TEST", PasswordPolicy = new PasswordPolicy { LockoutThreshold = 2 } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_probe_by_the_mark_makes_no_sign_in_and_probes_by_sign_in_make_one_however_many_there_are()
    {
        var domain = await servers.DomainAsync(Locking, Token);
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var before = await FindAsync(target, names);
        using var password = Any.Secret("N3w.Passw0rd!");
        Task<ProbeVerdict> ProbeAsync() => target.Provider.ProbeAsync(new ProbeRequest(before.Target, AttemptKind.Write, before.Mark), password, Token);

        (await ProbeAsync()).ShouldBeOfType<ProbeVerdict.Absent>();
        (await CountAsync(domain, names)).ShouldBe(0);
        await target.SetBehindTheBackAsync(names, "0ther.Passw0rd!", Token);
        (await ProbeAsync()).ShouldBeOfType<ProbeVerdict.Absent>();
        (await CountAsync(domain, names)).ShouldBe(1);
        for (var i = 0; i < 3; i++) (await ProbeAsync()).ShouldBeOfType<ProbeVerdict.Inconclusive>().Reason.ShouldContain("Failed sign-ins are counted");

        (await CountAsync(domain, names)).ShouldBe(1);
        (await target.HasAsync(names, "0ther.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_locked_account_is_unlocked_with_its_new_password_unless_the_setting_says_no(bool unlock)
    {
        var domain = await servers.DomainAsync(Locking, Token);
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        await using var provider = SambaConformanceTarget.Make(target.Options with { Unlock = unlock });
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        for (var i = 0; i < 3; i++) await target.HasAsync(names, "wrong", Token);
        (await domain.First.BindAsync(names.UserPrincipalName!, "F0rmer.Passw0rd!", Token)).Diagnostics.ShouldContain("data 775");
        var found = await FindAsync(target, names);
        using var password = Any.Secret("N3w.Passw0rd!");

        (await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).IsSuccess.ShouldBeTrue();

        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBe(unlock);
        var verdict = await provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, found.Mark), password, Token);
        verdict.ShouldBeOfType(unlock ? typeof(ProbeVerdict.Present) : typeof(ProbeVerdict.Inconclusive));
    }

    [Fact]
    public async Task A_disabled_account_is_written_and_not_probed()
    {
        var domain = await servers.DomainAsync(Locking, Token);
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names);
        await domain.First.ApplyLdifAsync($"dn: {names.DistinguishedName}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 514\n", Token);
        using var password = Any.Secret("N3w.Passw0rd!");

        (await target.Provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).IsSuccess.ShouldBeTrue();

        (await target.Provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, found.Mark), password, Token))
            .ShouldBeOfType<ProbeVerdict.Inconclusive>().Reason.ShouldContain("disabled");
    }

    private static async Task<Preparation.Found> FindAsync(SambaConformanceTarget target, AccountNames names) =>
        (await target.Provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();

    private static async Task<int> CountAsync(SambaDomain domain, AccountNames names) =>
        await domain.First.ReadAttributeAsync(names.DistinguishedName, "badPwdCount", Token) is [var value] ? int.Parse(Encoding.ASCII.GetString(value), CultureInfo.InvariantCulture) : 0;
}
