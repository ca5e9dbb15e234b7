using PasswordSync.Journal.Postgres.Leases;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>Who takes and gives up which shards.</summary>
public sealed class ShardPlanTests
{
    private static readonly Guid A = Guid.Parse("aaaaaaaa-0000-0000-0000-000000000000");
    private static readonly Guid B = Guid.Parse("bbbbbbbb-0000-0000-0000-000000000000");

    [Fact]
    public void Single_node_takes_all_that_is_free()
    {
        var plan = ShardPlan.Of(A, [A], _ => false, Shards(256, _ => null));
        plan.Take.Length.ShouldBe(256);
        plan.GiveUp.ShouldBeEmpty();
    }

    [Fact]
    public void Shards_of_an_owner_that_is_not_known_to_be_gone_are_left_alone()
    {
        ShardPlan.Of(A, [A], _ => false, Shards(256, _ => B)).Take.ShouldBeEmpty();
        ShardPlan.Of(A, [A], owner => owner == B, Shards(256, _ => B)).Take.Length.ShouldBe(256);
    }

    [Fact]
    public void Newcomer_waits_for_what_the_owner_gives_up_and_the_owner_gives_up_the_half()
    {
        var shards = Shards(256, _ => A);
        ShardPlan.Of(B, [A, B], _ => false, shards).Take.ShouldBeEmpty();
        ShardPlan.Of(A, [A, B], _ => false, shards).GiveUp.Length.ShouldBe(128);
    }

    [Theory]
    [InlineData(256, 3)]
    [InlineData(16, 5)]
    [InlineData(7, 16)]
    public void Nodes_that_come_and_go_end_with_equal_shares_and_move_no_more_than_they_must(int count, int nodes)
    {
        var all = Enumerable.Range(0, nodes).Select(_ => Guid.NewGuid()).Order().ToList();
        var owners = new Guid?[count];
        var living = new List<Guid>();
        foreach (var node in all)
        {
            living.Add(node);
            Settle(owners, living).ShouldBeLessThanOrEqualTo((count / living.Count) + 1 + (living.Count == 1 ? count : 0), "only what the newcomer gets");
            RequireEqualShares(owners, living);
        }

        while (living.Count > 1)
        {
            var gone = living[living.Count / 2];
            living.Remove(gone);
            var had = owners.Count(owner => owner == gone);
            Settle(owners, living).ShouldBe(had, "only what the one that went had");
            RequireEqualShares(owners, living);
        }
    }

    // Every node plans and acts in turn, until nobody has anything to do; how many shards were taken.
    private static int Settle(Guid?[] owners, List<Guid> living)
    {
        var moves = 0;
        for (var quiet = false; !quiet;)
        {
            quiet = true;
            foreach (var node in living)
            {
                var plan = ShardPlan.Of(node, living, owner => !living.Contains(owner), [.. owners.Select((owner, shard) => new SeenShard(shard, 1, owner))]);
                foreach (var shard in plan.GiveUp) owners[shard] = null;
                foreach (var shard in plan.Take) owners[shard.Shard] = node;
                moves += plan.Take.Length;
                quiet &= plan.Take.IsEmpty && plan.GiveUp.IsEmpty;
            }

            moves.ShouldBeLessThan(10_000, "it must come to rest");
        }

        return moves;
    }

    private static void RequireEqualShares(Guid?[] owners, List<Guid> living)
    {
        var counts = living.Select(node => owners.Count(owner => owner == node)).ToList();
        (counts.Max() - counts.Min()).ShouldBeLessThanOrEqualTo(1);
        counts.Sum().ShouldBe(owners.Length);
    }

    private static List<SeenShard> Shards(int count, Func<int, Guid?> ownerOf) => [.. Enumerable.Range(0, count).Select(shard => new SeenShard(shard, 1, ownerOf(shard)))];
}
