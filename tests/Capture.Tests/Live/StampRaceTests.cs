using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.Tests.Support;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Intake;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Live;

/// <summary>The races of the stamp proof on two real domain controllers.</summary>
public sealed class StampRaceTests(SambaLab lab) : IClassFixture<SambaLab>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(PasswordChangeWay.LdapReplace)]
    [InlineData(PasswordChangeWay.LdapDeleteAndAdd)]
    [InlineData(PasswordChangeWay.KerberosPassword)]
    [InlineData(PasswordChangeWay.SambaTool)]
    [InlineData(PasswordChangeWay.SmbPassword)]
    public async Task Change_in_any_way_is_confirmed_with_the_stamp_that_the_dc_gave_it(PasswordChangeWay way)
    {
        var user = lab.NextUser();
        await using var edge = lab.StartEdge();

        (await lab.Domain.First.ChangePasswordAsync(way, user, user.InitialPassword, "Any.Way.Passw0rd", Cancellation)).Accepted.ShouldBeTrue();

        // kpasswd asks again what is not answered within a second: Samba then calls the hook once more, and refuses, since that is the password already.
        var made = lab.Hook.CapturesOf(user.AccountName);
        if (way != PasswordChangeWay.KerberosPassword) made.Count.ShouldBe(1);
        var confirmed = (await edge.AboutAsync([made[0]], Cancellation))[0].ShouldBeOfType<ConfirmedCapture>();
        await ShouldBeTheStampAsync(confirmed, user);
        confirmed.Names.SamAccountName.ShouldBe(user.AccountName);
        confirmed.Names.Mail.ShouldBe(user.Mail);
        confirmed.Scopes.ShouldBe(["all"]);
    }

    [Fact]
    public async Task Domain_controllers_of_the_lab_are_writable()
    {
        await using var edge = lab.StartEdge();

        (await edge.Directory.IsReadOnlyAsync(Cancellation)).ShouldBeFalse();
    }

    [Fact]
    public async Task New_user_is_confirmed_although_the_hook_runs_before_it_exists()
    {
        await using var edge = lab.StartEdge();
        var user = await lab.Domain.AddUserAsync("newcomer", "New.Comer.Passw0rd", Cancellation);
        await ShouldBeTheStampAsync((await VerdictsAsync(edge, user, 1))[0].ShouldBeOfType<ConfirmedCapture>(), user);
    }

    [Fact]
    public async Task Rejected_then_accepted_as_fast_as_the_dc_takes_it()
    {
        var user = lab.NextUser();
        await using var edge = lab.StartEdge();
        await using var connection = await lab.ConnectAsync(user, Cancellation);

        (await SambaLab.ChangeAsync(connection, user, user.InitialPassword, user.InitialPassword, Cancellation)).ShouldBeFalse();
        (await SambaLab.ChangeAsync(connection, user, user.InitialPassword, "Accepted.Passw0rd", Cancellation)).ShouldBeTrue();

        var verdicts = await VerdictsAsync(edge, user, 2);
        verdicts[0].ShouldBeOfType<CaptureReport>().Verdict.ShouldBeOneOf(CaptureVerdict.RefusedBySource, CaptureVerdict.SupersededAtEdge);
        await ShouldBeTheStampAsync(verdicts[1].ShouldBeOfType<ConfirmedCapture>(), user);
    }

    [Fact]
    public async Task Accepted_then_rejected_at_once()
    {
        var user = lab.NextUser();
        await using var edge = lab.StartEdge();
        await using var connection = await lab.ConnectAsync(user, Cancellation);

        (await SambaLab.ChangeAsync(connection, user, user.InitialPassword, "Accepted.Passw0rd", Cancellation)).ShouldBeTrue();
        (await SambaLab.ChangeAsync(connection, user, "Accepted.Passw0rd", user.InitialPassword, Cancellation)).ShouldBeFalse();
        edge.PassTheBound();

        var verdicts = await VerdictsAsync(edge, user, 2);
        await ShouldBeTheStampAsync(verdicts[0].ShouldBeOfType<ConfirmedCapture>(), user);
        verdicts[1].ShouldBeOfType<CaptureReport>().Verdict.ShouldBe(CaptureVerdict.RefusedBySource);
    }

    [Fact]
    public async Task Two_quick_changes()
    {
        var user = lab.NextUser();
        await using var edge = lab.StartEdge();
        await using var connection = await lab.ConnectAsync(user, Cancellation);

        (await SambaLab.ChangeAsync(connection, user, user.InitialPassword, "First.Passw0rd", Cancellation)).ShouldBeTrue();
        (await SambaLab.ChangeAsync(connection, user, "First.Passw0rd", "Second.Passw0rd", Cancellation)).ShouldBeTrue();

        var verdicts = await VerdictsAsync(edge, user, 2);
        var second = verdicts[1].ShouldBeOfType<ConfirmedCapture>();
        await ShouldBeTheStampAsync(second, user);
        if (verdicts[0] is ConfirmedCapture first) first.Stamp.Version.ShouldBe(second.Stamp.Version - 1);
        else verdicts[0].ShouldBeOfType<CaptureReport>().Verdict.ShouldBe(CaptureVerdict.SupersededAtEdge);
    }

    [Fact]
    public async Task Rejected_change_while_another_dcs_change_replicates_in()
    {
        var user = lab.NextUser();
        await using var edge = lab.StartEdge();
        await using var connection = await lab.ConnectAsync(user, Cancellation);
        await using (await lab.Domain.PauseReplicationAsync(Cancellation))
        {
            (await lab.Domain.Second.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "Other.Dc.Passw0rd", Cancellation)).Accepted.ShouldBeTrue();
            (await SambaLab.ChangeAsync(connection, user, user.InitialPassword, user.InitialPassword, Cancellation)).ShouldBeFalse();
        }

        await lab.Domain.WaitUntilReplicatedAsync(user, Cancellation);
        edge.PassTheBound();

        var report = (await VerdictsAsync(edge, user, 1))[0].ShouldBeOfType<CaptureReport>();
        report.Verdict.ShouldBe(CaptureVerdict.Overtaken);
        report.Stamp!.InvocationId.ShouldBe(await lab.Domain.Second.ReadInvocationIdAsync(Cancellation));
    }

    [Fact]
    public async Task Accepted_change_read_late_after_another_dcs_newer_change()
    {
        var user = lab.NextUser();
        (await lab.Domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "Hidden.Passw0rd", Cancellation)).Accepted.ShouldBeTrue();
        await lab.Domain.WaitUntilReplicatedAsync(user, Cancellation);
        (await lab.Domain.Second.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "Newer.Passw0rd", Cancellation)).Accepted.ShouldBeTrue();
        await lab.Domain.WaitUntilReplicatedAsync(user, Cancellation);

        await using var edge = lab.StartEdge();
        edge.PassTheBound();

        (await VerdictsAsync(edge, user, 1))[0].ShouldBeOfType<CaptureReport>().Verdict.ShouldBe(CaptureVerdict.Overtaken);
    }

    [Fact]
    public async Task Edge_down_at_the_time_leaves_a_drop_file_that_is_confirmed_without_a_stamp_known_before()
    {
        var user = lab.NextUser();
        (await lab.Domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "While.Down.Passw0rd", Cancellation)).Accepted.ShouldBeTrue();
        var file = lab.Hook.DropFileOf(lab.Hook.CapturesOf(user.AccountName).ShouldHaveSingleItem());
        File.Exists(file).ShouldBeTrue();

        await using var edge = lab.StartEdge();

        await ShouldBeTheStampAsync((await VerdictsAsync(edge, user, 1))[0].ShouldBeOfType<ConfirmedCapture>(), user);
        await Eventually.HoldsAsync("the dropped file to be deleted", SambaEdge.VerdictBound, _ => Task.FromResult(!File.Exists(file)), Cancellation);
    }

    [Fact]
    public async Task Commit_slower_than_the_hooks_time_out()
    {
        var user = lab.NextUser();
        await using var edge = lab.StartEdge();
        var cancellation = Cancellation;
        lab.Hook.BeforeCommit = async () =>
        {
            var since = TimeProvider.System.GetTimestamp();
            await Eventually.HoldsAsync(
                "far more than the hook's time-out to pass", TimeSpan.FromSeconds(8), _ => Task.FromResult(TimeProvider.System.GetElapsedTime(since) > TimeSpan.FromSeconds(3)), cancellation);
        };
        try
        {
            (await lab.Domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "Slow.Commit.Passw0rd", Cancellation)).Accepted.ShouldBeTrue();
        }
        finally
        {
            // The other tests' changes must not be slow.
            lab.Hook.BeforeCommit = () => Task.CompletedTask;
        }

        await ShouldBeTheStampAsync((await VerdictsAsync(edge, user, 1))[0].ShouldBeOfType<ConfirmedCapture>(), user);
    }

    [Fact]
    public async Task Account_renamed_before_the_look_is_never_confirmed()
    {
        var user = lab.NextUser();
        (await lab.Domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "While.Down.Passw0rd", Cancellation)).Accepted.ShouldBeTrue();
        await lab.Domain.First.ApplyLdifAsync($"dn: {user.DistinguishedName}\nchangetype: modify\nreplace: sAMAccountName\nsAMAccountName: renamed\n", Cancellation);

        await using var edge = lab.StartEdge();
        edge.PassTheBound();

        (await VerdictsAsync(edge, user, 1))[0].ShouldBeOfType<CaptureReport>().Verdict.ShouldBe(CaptureVerdict.Unconfirmed);
    }

    [Theory]
    [InlineData("krbtgt", AccountExclusion.KeyDistributionCenter)]
    [InlineData("DC1$", AccountExclusion.Machine)]
    public async Task Accounts_that_are_never_captured_are_told_by_the_directory(string name, AccountExclusion reason)
    {
        await using var client = lab.ClientOf(lab.EdgeAccount);
        (await new LdapSourceDirectory(client, TimeProvider.System).FindAsync(new AccountQuery(name, 0, null), Cancellation))
            .ShouldBeOfType<AccountSearch.Excluded>().Reason.ShouldBe(reason);
    }

    [Fact]
    public async Task All_accounts_of_a_scope_are_listed_with_the_stamp_that_a_search_for_each_gives()
    {
        var users = new[] { lab.NextUser(), lab.NextUser(), lab.NextUser() };
        await using var client = lab.ClientOf(lab.EdgeAccount);
        var directory = new LdapSourceDirectory(client, TimeProvider.System);
        var filter = $"(|{string.Concat(users.Select(user => $"(sAMAccountName={user.AccountName})"))}(sAMAccountName=krbtgt)(sAMAccountName=DC1$))";

        var listed = new List<ListedAccount>();
        await foreach (var account in directory.ListAsync(new ScopeRule("all", lab.Domain.First.Domain.BaseName, ScopeLevel.Subtree, filter, [], []), pageSize: 2, Cancellation)) listed.Add(account);

        listed.Select(account => account.Names.SamAccountName).ShouldBe(users.Select(user => user.AccountName), ignoreOrder: true, "those that are never captured are left out");
        foreach (var account in listed)
        {
            var found = (await directory.FindAsync(new AccountQuery(account.Names.SamAccountName, 0, null), Cancellation)).ShouldBeOfType<AccountSearch.Found>();
            (account.ObjectGuid, account.Stamp).ShouldBe((found.Account.ObjectGuid, found.Stamp));
            account.Stamp.ShouldNotBeNull();
        }

        await Should.ThrowAsync<DirectoryUnavailableException>(async () => await directory.ListAsync(new ScopeRule("none", "OU=nowhere," + lab.Domain.First.Domain.BaseName, ScopeLevel.Subtree, null, [], []), pageSize: 2, Cancellation).GetAsyncEnumerator().MoveNextAsync());
    }

    [Fact]
    public async Task Policies_without_a_complexity_rule_are_found_and_an_account_that_is_shown_none_knows_that()
    {
        // At the DC where the other test of policies sets its own: what the other DC hears of late would be in its way.
        await using var client = lab.ClientOf(lab.EdgeAccount);
        await using var strangersClient = lab.ClientOf(lab.NextUser());
        var (policies, withoutTheRight) = (new LdapSourceDirectory(client, TimeProvider.System), new LdapSourceDirectory(strangersClient, TimeProvider.System));
        var before = await policies.FindWithoutComplexityAsync(Cancellation);
        before.Without.ShouldBeEmpty();
        before.SeesFineGrained.ShouldBeTrue("there are none, and the account would be shown them");
        (await lab.Domain.First.SambaToolAsync(["domain", "passwordsettings", "pso", "create", "loose", "7", "--complexity=off"], "", Cancellation)).RequireSuccess();
        try
        {
            (await policies.FindWithoutComplexityAsync(Cancellation)).Without.ShouldHaveSingleItem().ShouldContain("CN=loose,");

            // Any other account is shown none, which is no sign that there are none.
            var unseen = await withoutTheRight.FindWithoutComplexityAsync(Cancellation);
            unseen.Without.ShouldBeEmpty();
            unseen.SeesFineGrained.ShouldBeFalse();
        }
        finally
        {
            // Another test of this class begins with none.
            (await lab.Domain.First.SambaToolAsync(["domain", "passwordsettings", "pso", "delete", "loose"], "", Cancellation)).RequireSuccess();
        }
    }

    [Fact]
    public async Task Complexity_switched_off_for_the_whole_domain_stops_the_hook_and_raises_an_alarm_until_it_is_on_again()
    {
        var user = lab.NextUser();
        await using var client = lab.ClientOf(lab.EdgeAccount);
        var (alarms, clock) = (new RecordedAlarms(), new ManualClock());
        using var stop = new CancellationTokenSource();
        var monitor = new HookMonitor(new LdapSourceDirectory(client, TimeProvider.System), TimeSpan.FromMinutes(1), alarms, clock, NullLogger<HookMonitor>.Instance).RunAsync(stop.Token);
        await clock.WhenArmedAsync(1);
        alarms.Standing.ShouldBeEmpty();
        await SetComplexityAsync("off");
        try
        {
            (await lab.Domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, user.InitialPassword, "onlysmallletters", Cancellation)).Accepted.ShouldBeTrue();
            lab.Hook.CapturesOf(user.AccountName).ShouldBeEmpty("Samba did not call the hook");
            await LookAsync();
            alarms.Standing.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.HookNotCalled>().Sentence.ShouldContain($"The password policy of domain '{lab.Domain.BaseName}' has no complexity rule");
        }
        finally
        {
            // The other tests of this class need the hook.
            await SetComplexityAsync("on");
        }

        await LookAsync();
        alarms.Standing.ShouldBeEmpty();
        await stop.CancelAsync();
        await monitor;

        async Task SetComplexityAsync(string state) =>
            (await lab.Domain.First.SambaToolAsync(["domain", "passwordsettings", "set", $"--complexity={state}"], "", Cancellation)).RequireSuccess();

        // The monitor arms its next pause once it has drawn its conclusions.
        async Task LookAsync()
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await clock.WhenArmedAsync(1);
        }
    }

    /// <summary>What became of the captures that the hook made of an account's changes, in their order.</summary>
    private async Task<IReadOnlyList<IntakeItem>> VerdictsAsync(SambaEdge edge, LabUser user, int count)
    {
        var made = lab.Hook.CapturesOf(user.AccountName);
        made.Count.ShouldBe(count);
        return await edge.AboutAsync(made, Cancellation);
    }

    private async Task ShouldBeTheStampAsync(ConfirmedCapture confirmed, LabUser user)
    {
        var stamp = (await lab.Domain.First.ReadPasswordStampAsync(user, Cancellation)).ShouldNotBeNull();
        confirmed.Stamp.ShouldBe(new ProvenStamp(stamp.Version, stamp.OriginatingSecond, stamp.InvocationId));
        confirmed.Stamp.InvocationId.ShouldBe(await lab.Domain.First.ReadInvocationIdAsync(Cancellation));
    }
}
