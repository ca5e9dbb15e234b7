using System.Collections.Immutable;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Simulation.Mutual;

/// <summary>
/// Random histories of a person with an account in each of two domains, as two identities that deliver to each other. Captures come late, repeated and
/// reordered, nodes die between any two steps of a delivery, writes land late.
/// </summary>
public sealed class Two_domains_that_are_each_others_target
{
    private const int StepsMax = 80;
    private const int StepsPerPhase = 15;

    private static readonly ImmutableArray<WriteFate> Fates = [WriteFate.Succeeds, .. Enum.GetValues<WriteFate>()];

    [Fact]
    public void Twenty_changes_on_alternating_sides_are_written_twenty_times()
    {
        var domains = new MutualDomains([WriteFate.Succeeds]);
        for (var change = 1; change <= 20; change++)
        {
            domains.Change(change % 2);
            domains.Quiesce();

            domains.Passwords.ShouldBe([change, change]);
            domains.Writes.ShouldBe(change);
        }
    }

    [Fact]
    public void When_changes_are_made_on_one_side_at_a_time_both_sides_end_with_the_last_one() => Check(steps =>
    {
        var domains = new MutualDomains(Fates);
        foreach (var phase in steps.Chunk(StepsPerPhase))
        {
            var side = phase[0] / 7 % 2;
            foreach (var step in phase) domains.Play(step, side);
            domains.Quiesce();
            domains.Passwords.ShouldBe([domains.Changes, domains.Changes]);
        }
    });

    [Fact]
    public void Of_two_changes_at_once_the_later_one_ends_on_both_sides_whichever_is_delivered_first()
    {
        foreach (var (later, first) in (ReadOnlySpan<(int, int)>)[(0, 0), (0, 1), (1, 0), (1, 1)])
        {
            var domains = new MutualDomains([WriteFate.Succeeds]);
            domains.Change(1 - later);
            domains.Advance(TimeSpan.FromSeconds(1));
            domains.Change(later);
            domains.ArriveAll(first);
            domains.DeliverOnce(first);
            domains.Quiesce();

            domains.Passwords.ShouldBe([2, 2]);
        }
    }

    [Fact]
    public void Whatever_comes_at_once_on_both_sides_they_end_with_the_same_password() => Check(steps =>
    {
        var domains = new MutualDomains(Fates);
        foreach (var step in steps) domains.Play(step, changingSide: null);
        domains.Quiesce();

        domains.Passwords.Distinct().Count().ShouldBe(1);
    });

    [Fact]
    public void Whatever_died_and_was_given_up_the_next_change_is_neither_held_up_for_good_nor_taken_for_ours() => Check(steps =>
    {
        var domains = new MutualDomains(Fates) { MayDiscard = true };
        foreach (var phase in steps.Chunk(StepsPerPhase))
        {
            foreach (var step in phase) domains.Play(step, changingSide: null);
            domains.Quiesce();

            // Not in the second of a change on the other side, of which the order of the sources would decide.
            domains.Advance(TimeSpan.FromSeconds(1));
            domains.Change(phase[0] / 7 % 2);
            domains.Quiesce();
            domains.Passwords.ShouldBe([domains.Changes, domains.Changes]);
        }
    });

    [Fact]
    public void A_change_right_after_an_attempt_that_died_was_given_up_waits_for_its_intent_and_then_counts()
    {
        var domains = new MutualDomains([WriteFate.LandsAfterDeath]) { MayDiscard = true };
        domains.Change(0);
        domains.ArriveAll(0);
        domains.DieWhileWriting(0, landsAfter: TimeSpan.FromSeconds(5));
        domains.Advance(TimeSpan.FromSeconds(13));
        domains.Discard(0);

        domains.Change(1);
        domains.ArriveAll(1);
        domains.Undecided(1).ShouldBe(2, "the late landing of ours and the person's change look the same for now");
        domains.Advance(TimeSpan.FromMinutes(10));
        domains.Undecided(1).ShouldBe(0);
        domains.Quiesce();

        domains.Passwords.ShouldBe([2, 2]);
    }

    [Fact]
    public void When_nothing_fails_no_change_is_written_more_than_once_whatever_comes_at_once() => Check(steps =>
    {
        var domains = new MutualDomains([WriteFate.Succeeds]) { MayCrash = false };
        foreach (var step in steps) domains.Play(step, changingSide: null);
        domains.Quiesce();

        domains.Writes.ShouldBeLessThanOrEqualTo(domains.Changes);
    });

    [Fact]
    public void Whatever_comes_at_once_and_fails_the_writes_come_to_an_end() => Check(steps =>
    {
        var domains = new MutualDomains(Fates);
        foreach (var step in steps) domains.Play(step, changingSide: null);
        var before = domains.Writes;
        domains.Quiesce();

        (domains.Writes - before).ShouldBeLessThanOrEqualTo((2 * domains.Changes) + 2);
        foreach (var password in domains.Passwords) password.ShouldBeInRange(Math.Min(1, domains.Changes), domains.Changes);
    });

    private static void Check(Action<int[]> play) =>
        Properties.Check(Prop.ForAll(RandomHistory.Any(StepsMax), play), cases: 2_000, inLongSeries: 100_000);
}
