using System.Globalization;
using PasswordSync.Simulation.Checks;
using PasswordSync.Simulation.Store;
using Shouldly;
using Xunit;

namespace PasswordSync.Simulation;

/// <summary>
/// Thousands of histories of a cluster of three nodes: crashes, stopped processes, clocks that jump, a database that goes away or loses questions and
/// answers, targets that answer late or never, captures that come twice and out of order. A failing seed is printed and replays alone.
/// </summary>
public sealed class Cluster_under_faults
{
    /// <summary>As many as are played in a minute or two; in the long series, in a third of the time that a project without servers is given there.</summary>
    private static int SeedsMax => int.TryParse(Environment.GetEnvironmentVariable(Seeds.CountVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
        ? given
        : Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1" ? 20_000 : 2_000;

    [Fact]
    public void The_invariants_hold_whatever_a_seed_thinks_of()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable(Seeds.Variable), NumberStyles.None, CultureInfo.InvariantCulture, out var seed))
        {
            var one = Seeds.Play(seed, new Bugs(), keepsLines: true);
            foreach (var text in one.Lines) Console.Write(text);
            one.Violation.ShouldBeNull();
            return;
        }

        var found = Seeds.FindViolation(new Bugs(), SeedsMax);

        found?.Violation.ShouldBeNull($"Seed {found.Seed}. {Seeds.HowToReplay(found.Seed)}");
    }

    [Fact]
    public void The_same_seed_gives_the_same_history()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var first = Seeds.Play(seed, new Bugs());

            Seeds.Play(seed, new Bugs()).Digest.ShouldBe(first.Digest, $"seed {seed}");
        }
    }

    [Fact]
    public void The_histories_are_full_of_take_overs_and_deliveries()
    {
        var histories = Enumerable.Range(0, 50).Select(seed => Seeds.Play(seed, new Bugs())).ToList();

        histories.Sum(history => history.Takeovers).ShouldBeGreaterThan(100);
        histories.Sum(history => history.Sendings).ShouldBeGreaterThan(1_000);
        histories.Sum(history => history.Decisions).ShouldBeGreaterThan(500);
    }

    [Fact]
    public void A_store_that_does_not_check_the_epoch_is_found_out() =>
        Violation(new Bugs { ChecksEpoch = false }).Message.ShouldMatch("I4|I6");

    [Fact]
    public void A_decision_that_lets_an_older_change_follow_a_newer_one_is_found_out() =>
        Violation(new Bugs { KeepsOrder = false }).Message.ShouldContain("I3");

    [Fact]
    public void A_write_that_does_not_heed_its_deadline_is_found_out() =>
        Violation(new Bugs { HeedsDeadlines = false }).Message.ShouldContain("I3");

    [Fact]
    public void A_history_that_breaks_off_is_told_with_its_seed()
    {
        var broken = Should.Throw<InvalidOperationException>(() => Seeds.Play(seed: 7, new Bugs { BreaksOff = true }));

        broken.Message.ShouldContain($"{Seeds.Variable}=7 ");
        broken.InnerException.ShouldBeOfType<KeyNotFoundException>();
    }

    private static ViolationException Violation(Bugs bugs) => Seeds.FindViolation(bugs, SeedsMax)?.Violation.ShouldNotBeNull() ?? throw new InvalidOperationException("The bug was not found.");
}
