using PasswordSync.Actors.Identities;
using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;
using static PasswordSync.Actors.Tests.Identities.LiveIdentities;

namespace PasswordSync.Actors.Tests.Identities;

/// <summary>What an identity does when its journal, its shard or a message is in trouble: nothing is lost, nobody else is delayed.</summary>
public sealed class IdentityTroubleTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_journal_that_is_ahead_is_loaded_again_and_decided_on_as_it_is()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        var once = true;
        live.Journal.BeforeAppend = () =>
        {
            if (once) live.Journal.WriteBehindTheBack(Ann, new IdentityEvent.CaptureAccepted(live.Clock.GetUtcNow(), live.ChangeOf(Ann, 9)));
            once = false;
        };

        live.Arrive(Ann, 2);

        live.Journal.EventsOf(Ann)[^1].ShouldBeOfType<IdentityEvent.CaptureIgnored>().Reason.ShouldBe(IgnoreReason.Older);
        live.Decided.ShouldBe([1, 2]);
    }

    [Fact]
    public async Task A_journal_that_stays_ahead_parks_the_message_and_nothing_else()
    {
        await using var live = new LiveIdentities();
        live.Journal.BeforeAppend = () => live.Journal.WriteBehindTheBack(Ann, new IdentityEvent.CaptureReported(live.Clock.GetUtcNow(), new(Guid.NewGuid()), live.ChangeOf(Ann, 1).Account, CaptureVerdict.Unconfirmed, live.Clock.GetUtcNow()));
        live.Arrive(Ann, 1);
        live.Pass(Second * 2);

        live.Poisoned.ShouldHaveSingleItem().Message.ShouldBeOfType<IdentityMessage.Arrived>().InboxSequence.ShouldBe(1);
        live.Journal.BeforeAppend = () => { };
        live.Arrive(Ann, 2);

        live.Decided.ShouldBe([2]);
    }

    [Fact]
    public async Task I4_a_fenced_identity_stops_and_what_it_had_in_hand_goes_back()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        live.Journal.Epoch = 2;
        live.Offers.Clear();

        live.Arrive(Ann, 2);

        live.Live.ShouldBe(0);
        live.BackAgain.ShouldHaveSingleItem().Row.ShouldBe(2);
        live.Decided.ShouldBe([1]);
        live.Offers.ShouldBeEmpty();
        live.Ownership.EpochOf(0).ShouldBeNull();
        live.Journal.EventsOf(Ann).OfType<IdentityEvent.CaptureAccepted>().Count().ShouldBe(1);
    }

    [Fact]
    public async Task I6_a_row_that_was_read_before_its_shard_was_lost_and_gained_anew_is_read_again_and_not_decided_once_more()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        live.Journal.Epoch = 3;
        live.Own(epoch: 3);

        live.ArriveAsReadUnder(epoch: 1, Ann, 2);

        live.Decided.ShouldBe([1]);
        live.BackAgain.ShouldBe([(2, TimeSpan.Zero)]);
        live.Arrive(Ann, 2);
        live.Decided.ShouldBe([1, 2], "what is still there is decided");
    }

    [Fact]
    public async Task I4_an_identity_of_a_shard_that_was_lost_and_gained_anew_decides_on_what_the_owner_between_wrote()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        live.Journal.WriteBehindTheBack(Ann, new IdentityEvent.CaptureAccepted(live.Clock.GetUtcNow(), live.ChangeOf(Ann, 9)));
        live.Journal.Epoch = 3;
        live.Own(epoch: 3);

        var state = await live.System.Turns.RunUntilAsync(live.Region.ShowAsync(Ann, TestContext.Current.CancellationToken));

        state.Newest!.CaptureId.ShouldBe(CaptureIdOf(Ann, 9));
    }

    [Fact]
    public async Task I1_while_the_database_is_away_rows_go_back_and_questions_are_answered_with_the_reason()
    {
        await using var live = new LiveIdentities();
        live.Journal.WriteTrouble = () => new StorageUnavailableException("away", null);

        live.Arrive(Ann, 1);
        var refused = await Should.ThrowAsync<IdentityUnavailableException>(live.DecideAsync(Ann, now => new IdentityCommand.AssignPoints(now, new AccountId(new SourceId("alpha"), Ann.Value), [Point])));

        live.BackAgain.ShouldHaveSingleItem().Row.ShouldBe(1);
        refused.InnerException.ShouldBeOfType<StorageUnavailableException>();
        live.Offers.ShouldBeEmpty();
        live.Poisoned.ShouldBeEmpty();

        live.Journal.WriteTrouble = () => null;
        live.Arrive(Ann, 1);
        live.Decided.ShouldBe([1]);
        live.Offers.Count.ShouldBe(1);
    }

    [Fact]
    public async Task I1_an_append_whose_answer_was_lost_is_not_decided_twice()
    {
        await using var live = new LiveIdentities();
        var lost = 1;
        live.Journal.AnswerTrouble = () => lost-- > 0 ? new StorageUnavailableException("the answer was lost", null) : null;

        live.Arrive(Ann, 1);
        live.BackAgain.ShouldHaveSingleItem().Row.ShouldBe(1);
        live.Arrive(Ann, 1);

        live.Decided.ShouldBe([1]);
        live.Journal.EventsOf(Ann).OfType<IdentityEvent.CaptureAccepted>().Count().ShouldBe(1);
        live.Journal.Appends[^1].ReleasedSecrets.ShouldBeEmpty();
        live.Offers.Select(entry => entry.Offer.Change.CaptureId).Distinct().ShouldBe([CaptureIdOf(Ann, 1)]);
    }

    [Fact]
    public async Task A_database_that_is_away_is_asked_again_more_and_more_slowly_and_deliveries_go_on_when_it_is_back()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        live.Offers.Clear();
        var asked = 0;
        Exception? Away()
        {
            asked++;
            return new StorageUnavailableException("away", null);
        }

        live.Journal.WriteTrouble = Away;
        live.Journal.ReadTrouble = Away;
        await Should.ThrowAsync<IdentityUnavailableException>(live.BeginAsync(Ann, 1, Guid.NewGuid(), Second * 5));
        live.Pass(Second * 600);
        asked.ShouldBeLessThan(60);

        live.Journal.WriteTrouble = live.Journal.ReadTrouble = () => null;
        live.Pass(Second * 30);
        live.Offers.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_crash_restarts_the_identity_which_replays_its_journal_and_handles_the_message_again()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        var crashes = 1;

        live.Tell(Ann, live.Row(2, now => crashes-- > 0 ? throw new InvalidOperationException("a bug") : new IdentityCommand.DecideCapture(now, live.ChangeOf(Ann, 2), [Point], OwnWrites.None)));
        live.Decided.ShouldBe([1]);
        live.Pass(Second);

        live.Decided.ShouldBe([1, 2]);
        live.Journal.Loads.ShouldBe(2);
        live.Journal.StateOf(Ann).Newest!.CaptureId.ShouldBe(CaptureIdOf(Ann, 2));
    }

    [Fact]
    public async Task An_identity_that_crashed_looks_for_what_is_due_though_nobody_wakes_it()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        await live.BeginAsync(Ann, 1, Guid.NewGuid(), Second * 5);
        live.Tell(Ann, live.Row(2, _ => throw new InvalidOperationException("poison")));
        live.Pass(Second * 2);
        live.Poisoned.Count.ShouldBe(1);

        live.Pass(Second * 10);

        live.Journal.EventsOf(Ann)[^1].ShouldBeOfType<IdentityEvent.AttemptFinished>().Outcome.ShouldBeOfType<DeliveryOutcome.Unknown>();
    }

    [Fact]
    public async Task I9_an_identity_that_crashes_whenever_it_looks_for_what_is_due_does_not_do_so_for_ever()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        live.Journal.ReadTrouble = () => new InvalidOperationException("a damaged journal");
        live.Tell(Ann, live.Row(2, _ => throw new InvalidOperationException("poison")));
        live.Pass(Second * 300);
        var crashed = live.Poisoned.Count;
        crashed.ShouldBeGreaterThan(1);

        live.Pass(Second * 300);

        live.Poisoned.Count.ShouldBe(crashed);
        live.Live.ShouldBe(0);
    }

    [Fact]
    public async Task I9_a_message_that_crashes_its_identity_again_and_again_is_parked_and_reported_and_delays_nobody_else()
    {
        await using var live = new LiveIdentities();
        live.Tell(Ann, live.Row(1, _ => throw new InvalidOperationException("poison")));
        live.Arrive(Bob, 2);
        live.Decided.ShouldBe([2], "before Ann has been tried again");
        live.Arrive(Ann, 3);
        live.Pass(Second * 2);

        live.Poisoned.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            poisoned => poisoned.Message.ShouldBeOfType<IdentityMessage.Arrived>().InboxSequence.ShouldBe(1),
            poisoned => poisoned.Failures.ShouldBe(SupervisorStrategy.Default.PoisonThreshold));
        live.Decided.ShouldBe([2, 3]);
    }

    [Fact]
    public async Task I9_an_identity_without_room_refuses_and_others_go_on()
    {
        await using var live = new LiveIdentities();
        var taken = 0;
        while (live.Region.TryTell(Ann, live.Row(taken + 1, now => new IdentityCommand.DecideCapture(now, live.ChangeOf(Ann, 1), [Point], OwnWrites.None)))) taken++;

        live.Arrive(Bob, 1).ShouldBeTrue();

        taken.ShouldBe(1_000);
        live.Decided.Count.ShouldBe(taken + 1);
    }

    [Fact]
    public async Task A_question_that_breaks_the_identity_is_answered_and_the_next_one_is_handled()
    {
        await using var live = new LiveIdentities();

        var broken = await Should.ThrowAsync<IdentityUnavailableException>(live.DecideAsync(Ann, _ => throw new InvalidOperationException("a bug")));
        live.Arrive(Ann, 1);

        broken.InnerException.ShouldBeOfType<InvalidOperationException>();
        live.Decided.ShouldBe([1]);
        live.Poisoned.ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_breaks_while_he_looks_on_undoes_nothing()
    {
        await using var live = new LiveIdentities();
        live.Observe = (_, _) => throw new InvalidOperationException("a bug in the log");

        live.Arrive(Ann, 1);

        live.Decided.ShouldBe([1]);
        live.Offers.Count.ShouldBe(1);
        live.System.Log.Lines.ShouldContain(line => line.Contains("broke with System.InvalidOperationException"));
    }
}
