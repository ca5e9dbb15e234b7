using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Ports;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

[assembly: AssemblyFixture(typeof(LabServers))]

namespace PasswordSync.Nodes.Tests.Sources;

/// <summary>What sign-ins at a real domain controller prove, and what they do not.</summary>
public sealed class Bind_settler_tests(LabServers lab)
{
    private static readonly SemaphoreSlim LikeRealDomains = new(1);
    private static int next;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_domain_with_a_history_takes_the_former_password_too_and_none_before_it()
    {
        var (domain, user) = await UserAsync();
        using var fixture = new SignInFixture(domain, user);
        await fixture.SetAsync("First.2026!", Token);
        await fixture.ChangeAsync("First.2026!", "Second.2026!", Token);
        await fixture.ChangeAsync("Second.2026!", "Third.2026!", Token);

        (await domain.First.BindAsync(user, "Third.2026!", Token)).Accepted.ShouldBeTrue();
        (await domain.First.BindAsync(user, "Second.2026!", Token)).Accepted.ShouldBeTrue("this is why one sign-in proves nothing while there is a former password");
        (await domain.First.BindAsync(user, "First.2026!", Token)).Accepted.ShouldBeFalse();
    }

    [Theory(Timeout = 600_000)]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Of_two_candidates_the_only_one_that_signs_in_is_the_one(int committed)
    {
        var (domain, user) = await UserAsync();
        using var fixture = new SignInFixture(domain, user);
        await fixture.SetAsync("Committed.2026!", Token);
        var candidates = new[] { await fixture.CaptureAsync("Refused.2026!", Token), await fixture.CaptureAsync("Refused.2026!", Token) };
        candidates[committed] = await fixture.CaptureAsync("Committed.2026!", Token);

        var verdict = await fixture.Settler.SettleAsync(new Arrival.Ambiguous([.. candidates], ["staff"]), Token);

        verdict.ShouldBeOfType<CandidateVerdict.Caused>().Change.ShouldBe(candidates[committed].Change);
    }

    [Fact(Timeout = 600_000)]
    public async Task While_the_former_password_signs_in_too_nothing_is_concluded()
    {
        var (domain, user) = await UserAsync();
        using var fixture = new SignInFixture(domain, user);
        await fixture.SetAsync("Former.2026!", Token);
        await fixture.ChangeAsync("Former.2026!", "Committed.2026!", Token);
        var backAgain = new[] { await fixture.CaptureAsync("Committed.2026!", Token), await fixture.CaptureAsync("Former.2026!", Token) };

        var verdict = await fixture.Settler.SettleAsync(new Arrival.Ambiguous([.. backAgain], ["staff"]), Token);

        var again = verdict.ShouldBeOfType<CandidateVerdict.TryAgain>();
        again.IsOfSource.ShouldBeFalse();
        again.After.ShouldBeInRange(TimeSpan.FromMinutes(55), TimeSpan.FromMinutes(60));
    }

    [Fact(Timeout = 600_000)]
    public async Task One_success_proves_nothing_while_candidates_remain_that_were_not_tried()
    {
        var (domain, user) = await UserAsync();
        using var fixture = new SignInFixture(domain, user);
        await fixture.SetAsync("Former.2026!", Token);
        await fixture.ChangeAsync("Former.2026!", "Committed.2026!", Token);
        var candidates = new[] { await fixture.CaptureAsync("Committed.2026!", Token), await fixture.CaptureAsync("Weak.2026!", Token), await fixture.CaptureAsync("Former.2026!", Token) };

        var verdict = await fixture.Settler.SettleAsync(new Arrival.Ambiguous([.. candidates], ["staff"]), Token);

        verdict.ShouldBeOfType<CandidateVerdict.TryAgain>();
    }

    [Fact(Timeout = 600_000)]
    public async Task Where_no_former_password_is_taken_the_newest_that_signs_in_is_the_one()
    {
        await using var domain = await SambaDomain.StartAsync(new SambaDomainOptions(), Token);
        await domain.SetPasswordPolicyAsync(new PasswordPolicy { HistoryLength = 0 }, Token);
        using var fixture = new SignInFixture(domain, domain.Users[0]) { OldPasswordPeriod = TimeSpan.Zero };
        await fixture.SetAsync("Former.2026!", Token);
        await fixture.ChangeAsync("Former.2026!", "Committed.2026!", Token);
        var candidates = new[] { await fixture.CaptureAsync("Committed.2026!", Token), await fixture.CaptureAsync("Former.2026!", Token) };

        var verdict = await fixture.Settler.SettleAsync(new Arrival.Ambiguous([.. candidates], ["staff"]), Token);

        verdict.ShouldBeOfType<CandidateVerdict.Caused>().Change.ShouldBe(candidates[0].Change);
    }

    [Fact(Timeout = 600_000)]
    public async Task None_is_sent_if_none_signs_in_or_the_domain_has_another_password_by_now()
    {
        var (domain, user) = await UserAsync();
        using var fixture = new SignInFixture(domain, user);
        await fixture.SetAsync("Committed.2026!", Token);
        var refused = await fixture.CaptureAsync("Refused.2026!", Token);
        var committed = await fixture.CaptureAsync("Committed.2026!", Token);

        (await fixture.Settler.SettleAsync(new Arrival.Ambiguous([refused], ["staff"]), Token)).ShouldBeOfType<CandidateVerdict.Unknown>();
        await fixture.SetAsync("Committed.2026!", Token);
        (await fixture.Settler.SettleAsync(new Arrival.Ambiguous([committed], ["staff"]), Token)).ShouldBeOfType<CandidateVerdict.Unknown>().Reason.ShouldContain("newer password");
    }

    [Theory(Timeout = 600_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stamp_far_ahead_is_confirmed_if_the_domain_has_it_and_never_if_it_was_made_up(bool hasReader)
    {
        var (domain, user) = await UserAsync();
        using var fixture = new SignInFixture(domain, user) { HasReader = hasReader };
        await fixture.SetAsync("Committed.2026!", Token);
        var real = await fixture.CaptureAsync("Committed.2026!", Token);
        var madeUp = await fixture.CaptureAsync("Committed.2026!", Token, versionsAhead: 1_000);
        var madeUpLongAgo = await fixture.CaptureAsync("Committed.2026!", Token, versionsAhead: 1_000, acceptedAgo: TimeSpan.FromMinutes(16));

        (await fixture.Settler.ConfirmAsync(real.Change, Token)).ShouldBeOfType<CandidateVerdict.Caused>();
        (await fixture.Settler.ConfirmAsync(madeUp.Change, Token)).ShouldBeOfType<CandidateVerdict.TryAgain>("it may not be replicated yet").IsOfSource.ShouldBeFalse();
        (await fixture.Settler.ConfirmAsync(madeUpLongAgo.Change, Token)).ShouldBeOfType<CandidateVerdict.Unknown>();
    }

    [Fact(Timeout = 600_000)]
    public async Task Only_a_reading_account_can_confirm_while_the_person_cannot_sign_in()
    {
        var (domain, user) = await UserAsync();
        using var alone = new SignInFixture(domain, user);
        await alone.SetAsync("Committed.2026!", Token);
        (await domain.First.SambaToolAsync(["user", "disable", user.AccountName], "", Token)).ExitCode.ShouldBe(0);
        using var withReader = new SignInFixture(domain, user) { HasReader = true };

        var unknown = (await alone.Settler.ConfirmAsync((await alone.CaptureAsync("Committed.2026!", Token)).Change, Token)).ShouldBeOfType<CandidateVerdict.Unknown>();
        unknown.Reason.ShouldContain("give sources.alpha a bindName and a bindPassword");
        (await withReader.Settler.ConfirmAsync((await withReader.CaptureAsync("Committed.2026!", Token)).Change, Token)).ShouldBeOfType<CandidateVerdict.Caused>();
    }

    private async Task<(SambaDomain Domain, LabUser User)> UserAsync()
    {
        var domain = await lab.DomainAsync(new SambaDomainOptions(), Token);
        await LikeRealDomains.WaitAsync(Token);
        try
        {
            // The lab takes none; Samba's own default, and what domains have, is an hour.
            if (domain.First.Settings.Additional.Count == 0) await domain.First.ReconfigureAsync(new SambaControllerSettings { Additional = new Dictionary<string, string> { ["old password allowed period"] = "60" } }, Token);
        }
        finally
        {
            LikeRealDomains.Release();
        }

        return (domain, domain.Users[Interlocked.Increment(ref next) - 1]);
    }
}
