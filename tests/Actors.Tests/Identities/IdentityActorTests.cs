using PasswordSync.Actors.Identities;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using Shouldly;
using Xunit;
using static PasswordSync.Actors.Tests.Identities.LiveIdentities;

namespace PasswordSync.Actors.Tests.Identities;

/// <summary>What an identity does when nothing is wrong: decides, offers, waits, gives up its memory.</summary>
public sealed class IdentityActorTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_row_is_decided_durably_before_its_delivery_is_offered()
    {
        await using var live = new LiveIdentities();
        var eventsWhenOffered = new List<int>();
        live.Observe = (identity, _) => eventsWhenOffered.Add(live.Journal.EventsOf(identity).Length);

        live.Arrive(Ann, 1).ShouldBeTrue();

        live.Decided.ShouldBe([1]);
        live.Journal.Appends.ShouldHaveSingleItem().DecidedInbox.ShouldBe([1]);
        live.Offers.ShouldHaveSingleItem().Offer.Change.CaptureId.ShouldBe(CaptureIdOf(Ann, 1));
        eventsWhenOffered.ShouldAllBe(count => count == live.Journal.EventsOf(Ann).Length, "events are told of when all are durable");
    }

    [Fact]
    public async Task A_stamp_far_ahead_leaves_its_row_where_it_is_until_the_source_has_confirmed_it()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);

        live.Arrive(Ann, 1_000);

        live.ToConfirm.ShouldHaveSingleItem();
        live.Decided.Count.ShouldBe(1);
        live.Journal.Appends.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task The_secret_of_a_capture_that_is_not_accepted_is_released_with_its_row()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 2);
        live.Arrive(Ann, 1);

        live.Journal.Appends[1].ReleasedSecrets.ShouldBe([CaptureIdOf(Ann, 1)]);
        live.Arrive(Ann, 2);
        live.Journal.Appends[2].ReleasedSecrets.ShouldBeEmpty("a repeat must not take the secret that its delivery needs");
        live.Arrive(Ann, 3);
        live.Journal.Appends[3].ReleasedSecrets.ShouldBe([CaptureIdOf(Ann, 2)]);
    }

    [Fact]
    public async Task A_due_delivery_that_nobody_takes_up_is_offered_again_more_and_more_slowly()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        live.Offers.Clear();

        live.Pass(Second * 5);
        live.Offers.Count.ShouldBe(1);
        live.Pass(Second * 10);
        live.Offers.Count.ShouldBe(2);
        live.Pass(Second * 20);
        live.Offers.Count.ShouldBe(3);
        live.Pass(Second * 40);
        live.Offers.Count.ShouldBe(4);
        live.Pass(Second * 60);
        live.Offers.Count.ShouldBe(5);
        live.Pass(Second * 60);
        live.Offers.Count.ShouldBe(6);
    }

    [Fact]
    public async Task What_follows_from_a_persons_change_is_no_bulk_work_and_what_an_operator_or_the_clock_asks_for_is()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        live.Pass(Second * 5);
        var attempt = Guid.NewGuid();
        await live.BeginAsync(Ann, 1, attempt, Second * 20);
        live.Arrive(Ann, 2);
        await live.DecideAsync(Ann, now => new IdentityCommand.FinishAttempt(now, Point, attempt, new DeliveryOutcome.Delivered(null, null), 0));

        live.Offers.Select(offered => (offered.Offer.Change.CaptureId, offered.Offer.IsBulk))
            .ShouldBe([(CaptureIdOf(Ann, 1), false), (CaptureIdOf(Ann, 1), true), (CaptureIdOf(Ann, 2), false)]);
    }

    [Fact]
    public async Task A_failed_delivery_is_offered_when_its_retry_is_due_and_not_before()
    {
        var policy = RetryPolicy.Default with { InitialDelay = Second * 7, DelayMax = Second * 70 };
        await using var live = new LiveIdentities(rules: DecisionRules.Default with { RetryPolicies = DecisionRules.Default.RetryPolicies.Add(Point, policy) });
        live.Arrive(Ann, 1);
        await live.DecideAsync(Ann, now => new IdentityCommand.ReportObstacle(now, Point, CaptureIdOf(Ann, 1), new DeliveryOutcome.Transient("busy"), 0));
        live.Offers.Clear();

        live.Pass((Second * 7) - TimeSpan.FromTicks(1));
        live.Offers.ShouldBeEmpty();
        live.Pass(TimeSpan.FromTicks(1));

        live.Offers.Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_identity_with_nothing_at_hand_gives_up_its_memory_and_comes_back_as_it_was()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        var attempt = Guid.NewGuid();
        await live.BeginAsync(Ann, 1, attempt, Second * 10);
        await live.DecideAsync(Ann, now => new IdentityCommand.FinishAttempt(now, Point, attempt, new DeliveryOutcome.Delivered(null, null), 0));
        live.Live.ShouldBe(1);

        live.Pass(Second * 12);
        live.Live.ShouldBe(0);
        live.Arrive(Ann, 1);

        live.Journal.Loads.ShouldBe(2);
        live.Journal.EventsOf(Ann)[^1].ShouldBeOfType<IdentityEvent.CaptureIgnored>().Reason.ShouldBe(IgnoreReason.Duplicate);
    }

    [Fact]
    public async Task An_identity_with_something_due_soon_stays_in_memory()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);

        live.Pass(Second * 200);

        live.Live.ShouldBe(1);
        live.Journal.Loads.ShouldBe(1);
    }

    [Fact]
    public async Task A_capture_waits_while_we_write_to_its_account_and_is_looked_at_soon()
    {
        await using var live = new LiveIdentities();
        var open = new OwnWrites(live.Clock.GetUtcNow() + Second * 600, null);

        live.Arrive(Ann, 1, open);

        live.Decided.ShouldBeEmpty();
        live.Journal.Appends.ShouldBeEmpty();
        live.BackAgain.ShouldBe([(1, TimeSpan.FromMilliseconds(500))]);

        live.Arrive(Ann, 1, new OwnWrites(live.Clock.GetUtcNow() + TimeSpan.FromMilliseconds(20), null));
        live.BackAgain[^1].After.ShouldBe(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public async Task The_attempt_of_a_dead_owner_is_waited_for_until_its_deadline_and_then_probed()
    {
        await using var live = new LiveIdentities();
        var (dead, now) = (new LiveIdentities(), live.Clock.GetUtcNow());
        dead.Arrive(Ann, 1);
        await dead.BeginAsync(Ann, 1, Guid.NewGuid(), Second * 8);
        live.Journal.WriteBehindTheBack(Ann, dead.Journal.EventsOf(Ann));
        await dead.DisposeAsync();

        live.Tell(Ann, new IdentityMessage.Wake());
        live.Arrive(Ann, 2);
        live.Pass(Second * 10 - TimeSpan.FromTicks(1));
        live.Offers.ShouldBeEmpty("until the recorded deadline and its grace have passed the dead owner may still write");
        live.Pass(TimeSpan.FromTicks(1));

        var finished = live.Journal.EventsOf(Ann).OfType<IdentityEvent.AttemptFinished>().ShouldHaveSingleItem();
        finished.Outcome.ShouldBeOfType<DeliveryOutcome.Unknown>();
        (finished.At - now).ShouldBe(Second * 10);
        var offer = live.Offers.ShouldHaveSingleItem().Offer;
        offer.Change.CaptureId.ShouldBe(CaptureIdOf(Ann, 2));
        offer.Doubt.LateRiskSince.ShouldBe(finished.At);
    }

    [Fact]
    public async Task Who_asks_for_a_shard_that_is_not_ours_is_told_so()
    {
        await using var live = new LiveIdentities();
        live.Ownership.LoseAll();

        var refused = await Should.ThrowAsync<IdentityUnavailableException>(live.System.Turns.RunUntilAsync(live.Region.ShowAsync(Ann, TestContext.Current.CancellationToken)));

        refused.InnerException.ShouldBeOfType<ShardNotOwnedException>();
        live.Live.ShouldBe(0);
        live.Journal.Loads.ShouldBe(0);
    }
}
