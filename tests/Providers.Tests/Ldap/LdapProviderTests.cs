using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Ldap;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Ldap;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Ldap;

public sealed class LdapProviderTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_filter_that_finds_an_entry_decides()
    {
        await using var target = await OpenAsync();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        await using var provider = OpenLdapConformanceTarget.Make(target.Options with
        {
            Filters = [FilterTemplate.Parse("(uid={sAMAccountName})")!, FilterTemplate.Parse("(mail={userPrincipalName})")!, FilterTemplate.Parse("(mail={mail})")!],
        });

        (await provider.PrepareAsync(Any.Query(names with { SamAccountName = "nobody" }), Token))
            .ShouldBeOfType<Preparation.Found>().Target.DisplayName.ShouldBe(target.DnOf(names));
    }

    [Fact]
    public async Task An_entry_that_was_renamed_in_between_is_still_the_one_that_is_written()
    {
        await using var target = await OpenAsync();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target.Provider, names);
        var renamed = names with { SamAccountName = names.SamAccountName + "x" };
        await target.Server.ApplyLdifAsync($"dn: {target.DnOf(names)}\nchangetype: modrdn\nnewrdn: uid={renamed.SamAccountName}\ndeleteoldrdn: 1\n", Token);
        await target.Server.AddUserAsync(names.SamAccountName, "Successor.Passw0rd!", Token);

        (await SetAsync(target.Provider, found, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();

        (await target.HasAsync(renamed, "N3w.Passw0rd!", Token)).ShouldBeTrue();
        (await target.HasAsync(names, "Successor.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task Probes_by_sign_in_make_one_however_many_there_are()
    {
        await using var target = await OpenAsync();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var before = await FindAsync(target.Provider, names);
        using var password = Any.Secret("N3w.Passw0rd!");
        Task<ProbeVerdict> ProbeAsync() => target.Provider.ProbeAsync(new ProbeRequest(before.Target, AttemptKind.Write, before.Mark), password, Token);
        async Task<int> CountAsync() => (await target.Server.ReadAttributeAsync(target.DnOf(names), "pwdFailureTime", Token)).Count;

        (await ProbeAsync()).ShouldBeOfType<ProbeVerdict.Absent>();
        (await CountAsync()).ShouldBe(0);
        await target.SetBehindTheBackAsync(names, "0ther.Passw0rd!", Token);
        (await ProbeAsync()).ShouldBeOfType<ProbeVerdict.Absent>();
        (await CountAsync()).ShouldBe(1);
        for (var i = 0; i < 5; i++) (await ProbeAsync()).ShouldBeOfType<ProbeVerdict.Inconclusive>();

        (await CountAsync()).ShouldBe(1);
        (await target.HasAsync(names, "0ther.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_locked_entry_is_written_unlocked_and_not_probed_while_it_is_locked()
    {
        await using var target = await OpenAsync();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        for (var i = 0; i < 3; i++) await target.HasAsync(names, "wrong", Token);
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeFalse();
        var found = await FindAsync(target.Provider, names);
        using var password = Any.Secret("F0rmer.Passw0rd!");
        (await target.Provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, null), password, Token))
            .ShouldBeOfType<ProbeVerdict.Inconclusive>().Reason.ShouldContain("locked");

        (await SetAsync(target.Provider, found, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();

        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_change_of_the_entry_that_is_no_passwords_is_told_apart_by_a_sign_in()
    {
        await using var target = await OpenAsync();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var before = await FindAsync(target.Provider, names);
        await target.Server.ApplyLdifAsync($"dn: {target.DnOf(names)}\nchangetype: modify\nreplace: sn\nsn: Other\n", Token);
        using var former = Any.Secret("F0rmer.Passw0rd!");
        using var next = Any.Secret("N3w.Passw0rd!");

        (await target.Provider.ProbeAsync(new ProbeRequest(before.Target, AttemptKind.Write, before.Mark), former, Token)).ShouldBeOfType<ProbeVerdict.Present>();
        (await target.Provider.ProbeAsync(new ProbeRequest(before.Target, AttemptKind.Write, before.Mark), next, Token)).ShouldBeOfType<ProbeVerdict.Absent>();
    }

    [Fact]
    public async Task A_service_without_the_right_is_a_misconfiguration()
    {
        await using var target = await OpenAsync();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var weak = await target.AddAsync("W3ak.Service.Passw0rd", Token);
        var found = await FindAsync(target.Provider, names);
        using var folder = new ScratchFolder();
        await using var provider = OpenLdapConformanceTarget.Make(target.Options with
        {
            Directory = target.Options.Directory with { BindName = target.DnOf(weak), BindPassword = "file:" + folder.Write("weak", "W3ak.Service.Passw0rd") },
        });

        (await SetAsync(provider, found, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("may not write the password");
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_server_without_the_password_modification_fails_verification()
    {
        var domain = await servers.DomainAsync(new SambaDomainOptions(), Token);
        using var folder = new ScratchFolder();
        await using var provider = OpenLdapConformanceTarget.Make(new LdapTargetOptions
        {
            Directory = new DirectoryOptions
            {
                Servers = [new LdapServer(domain.First.Address.ToString(), LdapServer.DefaultTlsPort)],
                ConnectTimeout = Any.LongTime,
                RequestTimeout = Any.LongTime,
                TrustedRoots = [domain.AuthorityFile],
                BindName = domain.AdministratorName,
                BindPassword = "file:" + folder.Write("bind", SambaDomain.AdministratorPassword),
            },
            Base = domain.UserContainer,
        });

        var report = await provider.VerifyAsync(Token);

        report.Checks.First(check => check.Result == VerificationResult.Failed).Name.ShouldBe("passwordModify");
    }

    [Fact]
    public async Task A_refused_bind_is_not_repeated_for_every_delivery()
    {
        await using var target = await OpenAsync();
        var service = await target.AddAsync("Service.Passw0rd!", Token);
        using var folder = new ScratchFolder();
        await using var provider = OpenLdapConformanceTarget.Make(target.Options with
        {
            Directory = target.Options.Directory with { BindName = target.DnOf(service), BindPassword = "file:" + folder.Write("wrong", "not the password") },
        });

        for (var i = 0; i < 10; i++)
        {
            (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>();
        }

        (await target.Server.ReadAttributeAsync(target.DnOf(service), "pwdFailureTime", Token)).Count.ShouldBe(1);
    }

    private async Task<OpenLdapConformanceTarget> OpenAsync() =>
        new(await servers.DirectoryAsync(OpenLdapConformanceTarget.Kind, Token), DirectorySecurity.Ldaps);

    private static async Task<Preparation.Found> FindAsync(IProvider provider, AccountNames names) =>
        (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();

    private static async Task<DeliveryOutcome> SetAsync(IProvider provider, Preparation.Found found, string text)
    {
        using var password = Any.Secret(text);
        return await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);
    }
}
