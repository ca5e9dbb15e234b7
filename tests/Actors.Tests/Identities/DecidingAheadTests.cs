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

/// <summary>An identity decides on while what it decided before is written; nothing follows from a decision that is not durable.</summary>
public sealed class DecidingAheadTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task I1_the_next_message_is_decided_before_the_last_is_written_and_nothing_follows_from_either_until_it_is()
    {
        await using var live = new LiveIdentities();
        live.Journal.Held = [];

        live.Arrive(Ann, 1);
        live.Arrive(Ann, 2);

        live.Journal.Held.Count.ShouldBe(2);
        live.Decided.ShouldBeEmpty();
        live.Offers.ShouldBeEmpty();
        Release(live);
        live.Decided.ShouldBe([1]);
        Release(live);
        live.Decided.ShouldBe([1, 2]);
        live.Offers[^1].Offer.Change.CaptureId.ShouldBe(CaptureIdOf(Ann, 2));
        live.Journal.Appends[1].Follows.ShouldBe(live.Journal.Appends[0].Mark);
    }

    [Fact]
    public async Task What_comes_while_the_task_that_told_of_the_last_writing_has_not_ended_yet_is_settled_too()
    {
        // As with threads of which one is held up just after it has told.
        await using var live = new LiveIdentities(wrap: context => new NeverEndsToTell(context));
        live.Journal.Held = [];

        live.Arrive(Ann, 1);
        Release(live);
        live.Arrive(Ann, 2);
        Release(live);

        live.Decided.ShouldBe([1, 2]);
        live.Offers[^1].Offer.Change.CaptureId.ShouldBe(CaptureIdOf(Ann, 2));
    }

    [Fact]
    public async Task What_was_decided_on_an_append_that_did_not_happen_is_decided_anew()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        live.Journal.Held = [];
        live.Arrive(Ann, 2);
        live.Arrive(Ann, 3);

        live.Journal.WriteBehindTheBack(Ann, new IdentityEvent.CaptureAccepted(live.Clock.GetUtcNow(), live.ChangeOf(Ann, 9)));
        var held = live.Journal.Held;
        live.Journal.Held = null;
        foreach (var (append, ended) in held) ended.SetResult(await live.Journal.AppendAsync(append, TestContext.Current.CancellationToken));
        live.System.Turns.RunAll();

        live.Decided.ShouldBe([1, 2, 3], ignoreOrder: true);
        live.Journal.StateOf(Ann).Newest!.CaptureId.ShouldBe(CaptureIdOf(Ann, 9));
        live.Journal.EventsOf(Ann).OfType<IdentityEvent.CaptureIgnored>().Select(ignored => ignored.Reason).ShouldBe([IgnoreReason.Older, IgnoreReason.Older]);
        live.Poisoned.ShouldBeEmpty();
    }

    [Fact]
    public async Task I1_when_the_database_goes_away_the_first_goes_back_and_what_rests_on_it_is_never_written()
    {
        await using var live = new LiveIdentities();
        live.Journal.Held = [];
        live.Arrive(Ann, 1);
        live.Arrive(Ann, 2);

        var away = true;
        live.Journal.WriteTrouble = () => away ? new StorageUnavailableException("away", null) : null;
        Release(live);
        away = false;
        Release(live);

        live.BackAgain.ShouldHaveSingleItem().Row.ShouldBe(1);
        live.Journal.Appends.ShouldBeEmpty("what it rests on was not written");
        Release(live);
        live.Decided.ShouldBe([2]);
        live.Journal.StateOf(Ann).Newest!.CaptureId.ShouldBe(CaptureIdOf(Ann, 2));
    }

    [Fact]
    public async Task I4_a_fence_sends_all_back_that_was_decided_ahead()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        live.Journal.Held = [];
        live.Arrive(Ann, 2);
        var asked = live.Region.DecideAsync(Ann, now => new IdentityCommand.AssignPoints(now, new AccountId(new SourceId("alpha"), Ann.Value), [Point, new SyncPointId("gamma")]), TestContext.Current.CancellationToken);
        live.System.Turns.RunAll();
        live.Journal.Held.Count.ShouldBe(2);
        live.Journal.Epoch = 2;

        Release(live);
        Release(live);

        live.Live.ShouldBe(0);
        live.Decided.ShouldBe([1]);
        live.BackAgain.ShouldHaveSingleItem().Row.ShouldBe(2);
        await Should.ThrowAsync<IdentityUnavailableException>(live.System.Turns.RunUntilAsync(asked));
        live.Journal.Appends.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Who_asks_for_the_state_sees_nothing_that_is_not_durable()
    {
        await using var live = new LiveIdentities();
        live.Journal.Held = [];
        live.Arrive(Ann, 1);
        var shown = live.Region.ShowAsync(Ann, TestContext.Current.CancellationToken);
        live.System.Turns.RunAll();
        shown.IsCompleted.ShouldBeFalse();

        Release(live);

        (await live.System.Turns.RunUntilAsync(shown)).Newest!.CaptureId.ShouldBe(CaptureIdOf(Ann, 1));
    }

    [Fact]
    public async Task Who_asks_for_the_state_meanwhile_holds_no_offer_back()
    {
        await using var live = new LiveIdentities();
        live.Journal.Held = [];
        live.Arrive(Ann, 1);
        var shown = live.Region.ShowAsync(Ann, TestContext.Current.CancellationToken);
        live.System.Turns.RunAll();

        Release(live);

        live.Offers.ShouldHaveSingleItem().Offer.Change.CaptureId.ShouldBe(CaptureIdOf(Ann, 1));
        await live.System.Turns.RunUntilAsync(shown);
    }

    [Fact]
    public async Task I1_what_was_written_together_and_is_unknown_goes_back_together()
    {
        await using var live = new LiveIdentities();
        live.Journal.Held = [];
        live.Arrive(Ann, 1);
        live.Arrive(Ann, 2);
        var held = live.Journal.Held;
        live.Journal.Held = null;

        foreach (var (_, ended) in held) ended.SetException(new StorageUnavailableException("the answer was lost", null));
        live.System.Turns.RunAll();

        live.BackAgain.Select(back => back.Row).ShouldBe([1, 2]);
        live.Journal.Appends.ShouldBeEmpty("nothing is decided anew before the rows are read again");
    }

    [Fact]
    public async Task What_is_answered_without_an_append_is_not_answered_on_ground_of_one_that_failed_after_its_transaction()
    {
        await using var live = new LiveIdentities();
        live.Journal.Held = [];
        live.Arrive(Ann, 1);
        var shown = live.Region.ShowAsync(Ann, TestContext.Current.CancellationToken);
        live.System.Turns.RunAll();
        var (append, ended) = live.Journal.Held.Dequeue();
        live.Journal.Held = null;

        // As where a commit fails whose statements had succeeded.
        append.Mark.Set();
        ended.SetException(new StorageUnavailableException("the disk is full", null));

        (await live.System.Turns.RunUntilAsync(shown)).ShouldBeEquivalentTo(IdentityState.Initial);
        live.Offers.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_identity_that_has_work_before_its_pending_row_can_be_looked_at_again_keeps_its_memory()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        await live.BeginAsync(Ann, 1, Guid.NewGuid(), Second * 30);
        live.Journal.Appends[^1].KeepsPending.ShouldBeTrue();

        live.Pass(Second * 25);
        live.Live.ShouldBe(1);
        live.Pass(Second * 10);

        live.Journal.EventsOf(Ann)[^1].ShouldBeOfType<IdentityEvent.AttemptFinished>().Outcome.ShouldBeOfType<DeliveryOutcome.Unknown>();
    }

    [Fact]
    public async Task An_identity_does_not_give_up_its_memory_while_something_is_being_written()
    {
        await using var live = new LiveIdentities();
        live.Journal.Held = [];
        live.Arrive(Ann, 1);
        live.Pass(Second * 60);
        live.Live.ShouldBe(1);

        Release(live);

        live.Decided.ShouldBe([1]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task What_the_journal_answers_to_an_identity_that_stops_is_carried_out_and_no_dead_letter(int turnsOfTheStopBefore)
    {
        await using var live = new LiveIdentities();
        live.Journal.Held = [];
        live.Arrive(Ann, 1);
        var stop = live.System.Actors.ShutdownAsync(TestContext.Current.CancellationToken);
        while (live.System.Turns.Count == 0) await Task.Yield();
        for (var turn = 0; turn < turnsOfTheStopBefore; turn++) live.System.Turns.RunOne();

        live.Journal.Release();
        await live.System.Turns.RunUntilAsync(stop);

        live.Decided.ShouldBe([1]);
        live.System.TakeDeadLetters().ShouldBeEmpty();
    }

    [Fact]
    public async Task No_more_than_a_bound_is_decided_ahead()
    {
        await using var live = new LiveIdentities();
        live.Journal.Held = [];
        for (var number = 1; number <= 100; number++) live.Arrive(Ann, number);

        live.Journal.Held.Count.ShouldBe(64);
        while (live.Journal.Held.Count > 0) Release(live);
        live.Decided.Count.ShouldBe(100);
    }

    [Fact]
    public async Task The_pending_row_is_written_when_a_change_is_accepted_and_when_it_is_delivered_and_not_between()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        var attempt = Guid.NewGuid();
        await live.BeginAsync(Ann, 1, attempt, Second * 5);
        await live.DecideAsync(Ann, now => new IdentityCommand.FinishAttempt(now, Point, attempt, new DeliveryOutcome.Delivered(null, null), 0));

        live.Journal.Appends.Select(append => (append.KeepsPending, append.WakeUpAt is null)).ShouldBe([(false, false), (true, false), (false, true)]);
    }

    [Fact]
    public async Task A_pending_row_that_would_be_due_long_before_there_is_work_is_written_anew()
    {
        await using var live = new LiveIdentities();
        live.Arrive(Ann, 1);
        await live.BeginAsync(Ann, 1, Guid.NewGuid(), Second * 300);

        live.Journal.Appends[^1].KeepsPending.ShouldBeFalse();
    }

    private static void Release(LiveIdentities live)
    {
        live.Journal.Release();
        live.System.Turns.RunAll();
    }

    /// <summary>Tells as ever, but its task of that does not end.</summary>
    private sealed class NeverEndsToTell(IActorContext<IdentityMessage> real) : IActorContext<IdentityMessage>
    {
        private readonly TaskCompletionSource never = new();

        public ActorSystem System => real.System;

        public IActorRef<IdentityMessage> Self => real.Self;

        public string Name => real.Name;

        public int Restarts => real.Restarts;

        public CancellationToken Ending => real.Ending;

        public IActorRef<TChild> Spawn<TChild>(Props<TChild> props, string name) => real.Spawn(props, name);

        public OnDemandChildren<TChild> OnDemand<TChild>(Props<TChild> props) => real.OnDemand(props);

        public void Watch(IActorRef actor) => real.Watch(actor);

        public void Unwatch(IActorRef actor) => real.Unwatch(actor);

        public void Stop(IActorRef actor) => real.Stop(actor);

        public void Passivate() => real.Passivate();

        public IDisposable Schedule(TimeSpan delay, IdentityMessage message) => real.Schedule(delay, message);

        public void PipeToSelf(Func<CancellationToken, Task<IdentityMessage>> work) => real.PipeToSelf(work);

        public Task TellSelfAfterAsync(Task work, IdentityMessage message) => Task.WhenAll(real.TellSelfAfterAsync(work, message), never.Task);
    }
}
