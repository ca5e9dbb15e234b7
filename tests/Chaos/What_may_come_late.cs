using System.Collections.Immutable;
using PasswordSync.Chaos.Cluster;
using Shouldly;
using Xunit;

namespace PasswordSync.Chaos;

/// <summary>The check of what the target got late finds what no stopped or cut-off node explains.</summary>
public sealed class What_may_come_late
{
    private const string User = "user0";
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly DateTimeOffset End = Start + TimeSpan.FromSeconds(3);

    [Fact]
    public void An_older_password_after_a_newer_one_needs_an_attempt_that_was_held_up()
    {
        var first = new LateArrivals.Attempt(User, 1, "north", Start, End);

        Find([1, 2, 2, 3], [], held: "none").ShouldBeEmpty();
        Find([2, 1, 2], [first], held: "north").ShouldBeEmpty();
        Find([2, 1, 2], [first], held: "south").ShouldHaveSingleItem().ShouldContain("version 1 of user0");
        Find([2, 1, 2], [first with { Version = 2 }], held: "north").ShouldHaveSingleItem();
        Find([2, 1, 2], [first with { User = "user1" }], held: "north").ShouldHaveSingleItem();
    }

    [Fact]
    public void Each_attempt_explains_one_late_arrival()
    {
        var first = new LateArrivals.Attempt(User, 1, "north", Start, End);

        Find([2, 1, 2, 1, 2], [first], held: "north").ShouldHaveSingleItem();
        Find([2, 1, 2, 1, 2], [first, first], held: "north").ShouldBeEmpty();
        Find([3, 1, 2, 3], [first], held: "north").ShouldHaveSingleItem("the second is older than the newest, too");
    }

    [Fact]
    public void Only_what_was_under_way_meanwhile_was_held_up()
    {
        var troubles = new NodeTroubles();
        var before = DateTimeOffset.UtcNow;
        troubles.HeldUp(before, DateTimeOffset.MaxValue).ShouldBeFalse();

        troubles.HoldUp();
        troubles.HeldUp(before - TimeSpan.FromSeconds(2), before - TimeSpan.FromSeconds(1)).ShouldBeFalse();
        troubles.HeldUp(before, DateTimeOffset.UtcNow).ShouldBeTrue();

        troubles.LetGo();
        troubles.HeldUp(before, DateTimeOffset.UtcNow).ShouldBeTrue();
        troubles.HeldUp(DateTimeOffset.UtcNow + TimeSpan.FromSeconds(1), DateTimeOffset.MaxValue).ShouldBeFalse();
    }

    private static List<string> Find(int[] came, LateArrivals.Attempt[] attempts, string held) => LateArrivals.Unexplained(
        ImmutableDictionary<string, ImmutableList<int>>.Empty.Add(User, [.. came]), attempts, (node, _, _) => node == held);
}
