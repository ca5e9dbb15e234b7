using Shouldly;
using Xunit;

namespace PasswordSync.Lab.Tests;

public sealed class SambaDomainTests(LabServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_domain_has_the_policy_it_was_asked_for_and_takes_another()
    {
        var asked = new PasswordPolicy { HistoryLength = 3, MinimumLength = 9 };
        await using var domain = await SambaDomain.StartAsync(new SambaDomainOptions { Realm = "POLICY.TEST", Users = 0, PasswordPolicy = asked }, Cancellation);
        (await domain.ReadPasswordPolicyAsync(Cancellation)).ShouldBe(asked);

        var other = asked with { Complexity = false, MinimumLength = 4, LockoutThreshold = 5 };
        await domain.SetPasswordPolicyAsync(other, Cancellation);

        (await domain.ReadPasswordPolicyAsync(Cancellation)).ShouldBe(other);
    }

    [Fact]
    public async Task Domains_of_the_same_realm_run_side_by_side()
    {
        var shared = await servers.DomainAsync(new SambaDomainOptions(), Cancellation);
        await using var other = await SambaDomain.StartAsync(new SambaDomainOptions(), Cancellation);

        await other.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, other.Users[0], "", "Only.in.the.other.1", Cancellation);

        other.First.Address.ShouldNotBe(shared.First.Address);
        (await other.First.BindAsync(other.Users[0], "Only.in.the.other.1", Cancellation)).Accepted.ShouldBeTrue();
        (await shared.First.BindAsync(shared.Users[0], "Only.in.the.other.1", Cancellation)).Accepted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_controller_keeps_its_data_over_stop_kill_and_start()
    {
        await using var domain = await SambaDomain.StartAsync(new SambaDomainOptions(), Cancellation);
        var user = domain.Users[0];
        await domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "Before.the.stop.1", Cancellation);

        await domain.First.StopAsync(Cancellation);
        domain.First.IsRunning.ShouldBeFalse();
        await domain.First.StartAsync(Cancellation);
        (await domain.First.BindAsync(user, "Before.the.stop.1", Cancellation)).Accepted.ShouldBeTrue();

        await domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "Before.the.kill.1", Cancellation);
        await domain.First.KillAsync(Cancellation);
        domain.First.IsRunning.ShouldBeFalse();
        await domain.First.StartAsync(Cancellation);
        (await domain.First.BindAsync(user, "Before.the.kill.1", Cancellation)).Accepted.ShouldBeTrue();
    }

    [Fact]
    public async Task Samba_runs_the_check_password_script_and_obeys_it()
    {
        await using var domain = await SambaDomain.StartAsync(new SambaDomainOptions(), Cancellation);
        var user = domain.Users[0];
        var seen = Path.Combine(domain.Folder, "seen");
        var script = $"/bin/sh -c 'echo \"$SAMBA_CPS_ACCOUNT_NAME $(cat)\" >> {seen}; ! grep -q Refuse {seen}'";

        await domain.First.ReconfigureAsync(new SambaControllerSettings { CheckPasswordScript = script }, Cancellation);
        var accepted = await domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "Seen.by.the.script.1", Cancellation);
        var refused = await domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "Refuse.this.one.1", Cancellation);

        accepted.Accepted.ShouldBeTrue(accepted.Diagnostics);
        refused.Accepted.ShouldBeFalse();
        (await File.ReadAllLinesAsync(seen, Cancellation)).ShouldBe([$"{user.AccountName} Seen.by.the.script.1", $"{user.AccountName} Refuse.this.one.1"]);
    }

    [Fact]
    public async Task A_lasting_domain_is_found_again_and_runs_until_it_is_stopped()
    {
        using var folder = TemporaryFolder.Create("lasting");
        var started = await SambaDomain.StartLastingAsync(new SambaDomainOptions(), folder.FullPath, Cancellation);
        await started.DisposeAsync();

        await using var found = SambaDomain.Attach(folder.FullPath);
        found.First.IsRunning.ShouldBeTrue();
        (await found.First.BindAsync(found.Users[0], found.Users[0].InitialPassword, Cancellation)).Accepted.ShouldBeTrue();

        await found.First.StopAsync(Cancellation);
        await using var foundStopped = SambaDomain.Attach(folder.FullPath);
        foundStopped.First.IsRunning.ShouldBeFalse();
    }
}
