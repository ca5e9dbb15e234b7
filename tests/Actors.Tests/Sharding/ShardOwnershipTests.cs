using System.Collections.Immutable;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Sharding;

public sealed class ShardOwnershipTests
{
    private static readonly TimeSpan Validity = TimeSpan.FromSeconds(4);
    private readonly ManualClock clock = new();
    private readonly ShardOwnership ownership;

    private const int ShardCount = 64;

    public ShardOwnershipTests() => ownership = new ShardOwnership(ShardCount, clock);

    [Fact]
    public void Lease_ends_by_the_nodes_own_clock_counted_from_the_question()
    {
        var askedAt = clock.GetTimestamp();
        clock.Advance(TimeSpan.FromSeconds(1));
        ownership.Renew(View((1, 7)), askedAt);

        clock.Advance(TimeSpan.FromSeconds(3) - TimeSpan.FromTicks(1));
        ownership.EpochOf(1).ShouldBe(7);
        clock.Advance(TimeSpan.FromTicks(1));
        ownership.EpochOf(1).ShouldBeNull();
        ownership.Shards.ShouldBeEmpty();
    }

    [Fact]
    public void Whose_a_shard_is_is_known_only_while_the_lease_goes_on()
    {
        var identity = new IdentityId(Guid.NewGuid());
        var shard = identity.Shard(ShardCount);
        ownership.StandingOf(identity).ShouldBe(ShardStanding.Unknown, "nobody was asked yet");

        ownership.Renew(View((shard, 7)), clock.GetTimestamp());
        ownership.StandingOf(identity).ShouldBe(ShardStanding.Own);
        ownership.Renew(View((shard, 7)) with { Surplus = [shard] }, clock.GetTimestamp());
        ownership.StandingOf(identity).ShouldBe(ShardStanding.Own, "it is being handed over, and not yet another's");
        ownership.TakeHandedOver(TimeSpan.Zero).ShouldBe([shard]);
        ownership.StandingOf(identity).ShouldBe(ShardStanding.Other);

        ownership.Renew(View((shard, 8)), clock.GetTimestamp());
        ownership.Lose(shard, 8);
        ownership.StandingOf(identity).ShouldBe(ShardStanding.Other);
        clock.Advance(Validity);
        ownership.StandingOf(identity).ShouldBe(ShardStanding.Unknown);
    }

    [Fact]
    public void Shards_count_as_gained_anew_after_a_lease_that_had_run_out()
    {
        ownership.Renew(View((1, 7)), clock.GetTimestamp()).ShouldBe([1]);
        ownership.Renew(View((1, 7)), clock.GetTimestamp()).ShouldBeEmpty();
        ownership.Gains.ShouldBe(1);

        clock.Advance(Validity);
        ownership.Renew(View((1, 7)), clock.GetTimestamp()).ShouldBe([1]);
        ownership.Gains.ShouldBe(2);
    }

    [Fact]
    public void Times_without_a_lease_count_from_the_last_answer_also_of_a_node_that_owns_nothing()
    {
        ownership.Gap.ShouldBe(LeaseGap.None);
        ownership.Renew(View(), clock.GetTimestamp());
        var start = LeaseGap.AtStart(clock.GetUtcNow());
        for (var renewals = 0; renewals < 1_000; renewals++)
        {
            clock.Advance(Validity - TimeSpan.FromTicks(1));
            ownership.Renew(View(), clock.GetTimestamp());
        }

        ownership.Gap.ShouldBe(start);
        var renewedAt = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromHours(1));
        ownership.Renew(View(), clock.GetTimestamp());

        ownership.Gap.ShouldBe(new LeaseGap(renewedAt, clock.GetUtcNow()));
    }

    [Fact]
    public void I2_a_silence_of_the_database_that_the_lease_outlasts_is_a_gap_before_and_after_the_next_answer()
    {
        ownership.Renew(LongView, clock.GetTimestamp());
        var (start, lastHeard) = (ownership.Gap, clock.GetUtcNow());
        clock.Advance(TimeSpan.FromSeconds(50));
        var silent = start.FollowedBy(lastHeard, clock.GetUtcNow());

        ownership.EpochOf(1).ShouldBe(7);
        ownership.Gap.ShouldBe(silent, "the inbox may be read before the lease is renewed");
        ownership.Renew(LongView, clock.GetTimestamp());
        clock.Advance(LeaseGap.SilenceMin - TimeSpan.FromTicks(1));

        ownership.Gap.ShouldBe(silent, "and what is so short is none");
    }

    [Fact]
    public void I2_a_gap_is_known_before_anything_can_be_decided_under_the_lease_that_ended_it()
    {
        ownership.Renew(View((1, 7)), clock.GetTimestamp());
        clock.Advance(Validity);
        ownership.EpochOf(1).ShouldBeNull();

        ownership.Renew(View((1, 7)), clock.GetTimestamp());

        (ownership.EpochOf(1), ownership.Gap.Ended).ShouldBe((7, clock.GetUtcNow()));
    }

    [Fact]
    public void A_shard_that_comes_later_does_not_make_those_before_count_as_gained_anew()
    {
        var (first, second) = (InShard(1), InShard(2));
        ownership.Renew(View((1, 7)), clock.GetTimestamp());
        var before = ownership.GainOf(first);

        ownership.Renew(View((1, 7), (2, 9)), clock.GetTimestamp());

        ownership.GainOf(first).ShouldBe(before);
        ownership.GainOf(second).ShouldBe(ownership.Gains);
        ownership.GainOf(second).ShouldBeGreaterThan(before);
    }

    [Fact]
    public void A_fenced_shard_is_forgotten_and_the_others_stay()
    {
        ownership.Renew(View((1, 7), (2, 9)), clock.GetTimestamp());

        ownership.Lose(1, epoch: 6);
        ownership.EpochOf(1).ShouldBe(7);
        ownership.Lose(1, epoch: 7);

        ownership.EpochOf(1).ShouldBeNull();
        ownership.EpochOf(2).ShouldBe(9);
    }

    [Fact]
    public async Task Shards_lost_at_the_same_moment_are_all_forgotten()
    {
        ownership.Renew(View([.. Enumerable.Range(0, 64).Select(shard => (shard, 1L))]), clock.GetTimestamp());

        await Task.WhenAll(Enumerable.Range(0, 64).Select(shard => Task.Run(() => ownership.Lose(shard, epoch: 1))));

        ownership.Shards.ShouldBeEmpty();
    }

    private static IdentityId InShard(int shard) => Enumerable.Range(1, int.MaxValue).Select(number => new IdentityId(new Guid(number, 0, 0, new byte[8]))).First(identity => identity.Shard(ShardCount) == shard);

    private static LeaseView LongView => View((1, 7)) with { ValidFor = TimeSpan.FromHours(2) };

    private static LeaseView View(params (int Shard, long Epoch)[] shards) => new(shards.ToImmutableSortedDictionary(shard => shard.Shard, shard => shard.Epoch), Validity);
}
