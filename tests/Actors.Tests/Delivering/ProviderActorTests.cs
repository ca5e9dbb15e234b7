using PasswordSync.Actors.Delivering;
using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Delivering;

/// <summary>The actor of a sync point: order, bounds, rests, and an end that cuts nothing off.</summary>
public sealed class ProviderActorTests : IDeliverer, IAsyncDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly TestSystem system = new();
    private readonly Lock gate = new();
    private IActorRef<ProviderMessage> actor = null!;
    private readonly List<Carried> begun = [];
    private bool isOver;

    /// <summary>A delivery that was begun; ends when the test says so.</summary>
    private sealed record Carried(int Person, Offer Offer, TaskCompletionSource<PointRest?> End)
    {
        public int Change => (int)Offer.Change.Stamp.Version;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deliveries_are_begun_in_the_order_in_which_they_came_as_many_at_once_as_allowed()
    {
        Spawn(new ProviderActorOptions { Concurrency = 2 });
        await OfferEachAsync(5);
        Begun.ShouldBe([1, 2]);

        await EndAsync(2);
        Begun.ShouldBe([1, 2, 3]);
        await EndAsync(1);
        await EndAsync(3);

        Begun.ShouldBe([1, 2, 3, 4, 5]);
        (await ShowAsync()).ShouldBe(new ProviderStatus(Waiting: 0, Running: 2, RestingUntil: null));
    }

    [Fact]
    public async Task A_persons_own_change_goes_before_bulk_work_which_still_gets_every_fourth_turn()
    {
        Spawn(new ProviderActorOptions { Concurrency = 1 });
        await OfferAsync(1);
        for (var person = 11; person <= 13; person++) await OfferAsync(person, isBulk: true);
        for (var person = 2; person <= 8; person++) await OfferAsync(person);

        while (begun.Count < 11) await EndAsync(begun[^1].Person);

        Begun.ShouldBe([1, 2, 3, 11, 4, 5, 6, 12, 7, 8, 13]);
    }

    [Fact]
    public async Task A_person_who_changes_the_password_meanwhile_leaves_the_bulk_work_and_is_served_once()
    {
        Spawn(new ProviderActorOptions { Concurrency = 1 });
        await OfferAsync(1);
        await OfferAsync(11, isBulk: true);
        await OfferAsync(12, change: 1, isBulk: true);
        await OfferAsync(12, change: 2);
        await OfferAsync(12, change: 2, isBulk: true);

        await EndAsync(1);
        await EndAsync(12);
        await EndAsync(11);

        Changes.ShouldBe([(1, 1), (12, 2), (11, 1)]);
        (await ShowAsync()).Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task I7_a_queue_full_of_bulk_work_has_room_for_people()
    {
        Spawn(new ProviderActorOptions { Concurrency = 1, QueueMax = 2 });
        await OfferAsync(1);
        for (var person = 11; person <= 14; person++) await OfferAsync(person, isBulk: true);
        await OfferAsync(2);

        await EndAsync(1);
        await EndAsync(2);

        await EndAsync(11);

        Begun.ShouldBe([1, 2, 11, 12], "two of the bulk work found no room, and are offered again later");
        (await ShowAsync()).Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task A_newer_change_takes_the_place_of_the_older_one_that_waits()
    {
        Spawn(new ProviderActorOptions { Concurrency = 1 });
        await OfferAsync(1);
        await OfferAsync(2, change: 1);
        await OfferAsync(3);
        await OfferAsync(2, change: 2);

        await EndAsync(1);
        await EndAsync(2);
        await EndAsync(3);

        Changes.ShouldBe([(1, 1), (2, 2), (3, 1)]);
    }

    [Fact]
    public async Task I3_a_newer_change_of_one_in_hand_waits_for_its_end_and_a_repeat_of_it_is_not_carried_out_twice()
    {
        Spawn(new ProviderActorOptions { Concurrency = 8 });
        await OfferAsync(1, change: 1);
        await OfferAsync(1, change: 1);
        await OfferAsync(1, change: 2);
        begun.Count.ShouldBe(1);
        (await ShowAsync()).ShouldBe(new ProviderStatus(Waiting: 1, Running: 1, RestingUntil: null), "the newer one waits, and only the older one is under way");

        await EndAsync(1);
        begun.Select(carried => carried.Change).ShouldBe([1, 2]);
        (await ShowAsync()).ShouldBe(new ProviderStatus(Waiting: 0, Running: 1, RestingUntil: null));
        await EndAsync(1);

        begun.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_rest_begins_nothing_new_until_it_is_over_and_puts_back_what_was_not_begun()
    {
        Spawn(new ProviderActorOptions { Concurrency = 2 });
        await OfferEachAsync(3);
        await EndAsync(1, new PointRest(system.Clock.GetUtcNow() + Minute, IsUntouched: true));
        await EndAsync(2, new PointRest(system.Clock.GetUtcNow() + Minute / 2, IsUntouched: false));
        Begun.ShouldBe([1, 2]);
        (await ShowAsync()).ShouldBe(new ProviderStatus(Waiting: 2, Running: 0, RestingUntil: system.Clock.GetUtcNow() + Minute));

        await PassAsync(Minute - TimeSpan.FromTicks(1));
        Begun.ShouldBe([1, 2]);
        await PassAsync(TimeSpan.FromTicks(1));

        Begun.ShouldBe([1, 2, 3, 1], "what was put back waits behind the others: it may be what the target does not like");
    }

    [Fact]
    public async Task Bulk_work_rests_alone_until_its_own_rest_is_over_also_when_the_whole_point_rests_meanwhile()
    {
        Spawn(new ProviderActorOptions { Concurrency = 1 });
        await OfferAsync(11, isBulk: true);
        await OfferAsync(12, isBulk: true);
        begun[0].Offer.GivesWay.ShouldBeTrue();
        await EndAsync(11, BulkRest(Minute));
        (await ShowAsync()).ShouldBe(new ProviderStatus(Waiting: 2, Running: 0, RestingUntil: system.Clock.GetUtcNow() + Minute) { RestsFor = "bulk" }, "nothing of what waits is begun");

        await OfferAsync(1);
        await OfferAsync(2);
        Begun.ShouldBe([11, 1]);
        begun[1].Offer.GivesWay.ShouldBeFalse();
        (await ShowAsync()).RestingUntil.ShouldBeNull("the next one waits for a place alone");
        await EndAsync(1, new PointRest(system.Clock.GetUtcNow() + Minute / 4, IsUntouched: false));
        await PassAsync(Minute / 4);
        Begun.ShouldBe([11, 1, 2]);
        await EndAsync(2);

        await PassAsync((Minute * 3 / 4) - TimeSpan.FromTicks(1));
        Begun.ShouldBe([11, 1, 2]);
        await PassAsync(TimeSpan.FromTicks(1));
        Begun.ShouldBe([11, 1, 2, 12]);
    }

    [Fact]
    public async Task Bulk_work_beside_people_who_wait_gets_every_fourth_turn_also_of_what_a_rate_lets_begin()
    {
        const int at = 8;
        Spawn(new ProviderActorOptions { Concurrency = at });
        for (var person = 1; person <= 40; person++) await OfferAsync(person);
        for (var person = 101; person <= 140; person++) await OfferAsync(person, isBulk: true);
        for (var first = 1; first <= at; first++) await EndAsync(first);

        // Of each round that is taken the rate lets the first begin alone.
        var (let, round) = (new List<Offer>(), at);
        while (let.Count < 16)
        {
            let.Add(begun[round].Offer);
            var taken = begun.Skip(round).ToList();
            round = begun.Count;
            foreach (var other in taken.Skip(1)) other.End.SetResult(new PointRest(system.Clock.GetUtcNow() + Minute, IsUntouched: true));
            await SettleAsync();
            await EndAsync(taken[0].Person);
            await PassAsync(Minute);
        }

        let.Count(offer => offer.IsBulk).ShouldBe(4);
        let.ShouldAllBe(offer => !offer.GivesWay);
    }

    [Fact]
    public async Task No_target_rests_longer_than_the_bound()
    {
        Spawn(new ProviderActorOptions { Concurrency = 1, RestMax = Minute });
        await OfferAsync(1);
        await OfferAsync(2);
        await EndAsync(1, new PointRest(DateTimeOffset.MaxValue, IsUntouched: false));

        await PassAsync(Minute);

        Begun.ShouldBe([1, 2]);
    }

    [Fact]
    public async Task I7_a_full_queue_takes_nobody_new_and_forgets_nobody_who_waits()
    {
        Spawn(new ProviderActorOptions { Concurrency = 1, QueueMax = 2 });
        await OfferEachAsync(4);
        await OfferAsync(3, change: 2);

        await EndAsync(1);
        await EndAsync(2);
        await EndAsync(3);

        Changes.ShouldBe([(1, 1), (2, 1), (3, 2)]);
        system.Log.Lines.ShouldContain(line => line.Contains("The queue is full (2)"));
    }

    [Fact]
    public async Task I9_a_delivery_that_breaks_or_stays_silent_keeps_only_its_own_slot()
    {
        Spawn(new ProviderActorOptions { Concurrency = 2 });
        await OfferEachAsync(4);

        begun[0].End.SetException(new InvalidOperationException("a bug"));
        await SettleAsync();
        await EndAsync(3);

        Begun.ShouldBe([1, 2, 3, 4]);
        system.Log.Lines.ShouldContain(line => line.Contains("broke with System.InvalidOperationException"));
    }

    [Fact]
    public async Task A_stop_begins_nothing_new_and_waits_for_what_is_in_hand()
    {
        Spawn(new ProviderActorOptions { Concurrency = 1 });
        await OfferAsync(1);
        await OfferAsync(2);

        var stopping = system.Actors.StopAsync(actor, Token);
        system.Turns.RunAll();
        stopping.IsCompleted.ShouldBeFalse();
        begun[0].End.SetResult(null);
        await system.Turns.RunUntilAsync(stopping);

        Begun.ShouldBe([1]);
    }

    [Fact]
    public async Task A_shutdown_that_takes_too_long_cuts_deliveries_off()
    {
        Spawn(new ProviderActorOptions { Concurrency = 1 });
        await OfferAsync(1);

        var shutdown = system.Actors.ShutdownAsync(CancellationToken.None);
        await system.Clock.WhenArmedAsync(timers: 2).WaitAsync(Token);
        system.Turns.RunAll();
        begun[0].End.Task.IsCompleted.ShouldBeFalse();
        system.Clock.Advance(new ActorSystemOptions().ShutdownTimeout);
        await system.Turns.RunUntilAsync(shutdown);

        begun[0].End.Task.IsCanceled.ShouldBeTrue();
    }

    public Task<PointRest?> DeliverAsync(IdentityId identity, Offer offer, CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource<PointRest?>();
        cancellationToken.Register(() => end.TrySetCanceled(cancellationToken));
        lock (gate)
        {
            begun.Add(new Carried(identity.Value.ToByteArray()[0], offer, end));
            if (isOver) end.SetResult(null);
        }

        return end.Task;
    }

    public async ValueTask DisposeAsync()
    {
        // What waits is begun when these end.
        lock (gate)
        {
            isOver = true;
            foreach (var carried in begun) carried.End.TrySetResult(null);
        }

        await system.DisposeAsync();
    }

    private PointRest BulkRest(TimeSpan time) => new(system.Clock.GetUtcNow() + time, IsUntouched: true) { IsOfBulk = true, Why = "bulk" };

    private IEnumerable<int> Begun => begun.Select(carried => carried.Person);

    private IEnumerable<(int Person, int Change)> Changes => begun.Select(carried => (carried.Person, carried.Change));

    private IActorRef<ProviderMessage> Spawn(ProviderActorOptions options) =>
        actor = system.Spawn(new Props<ProviderMessage>("provider", context => new ProviderActor(context, this, options, system.Log)), "point");

    private Task OfferAsync(int person, int change = 1, bool isBulk = false)
    {
        var identity = new IdentityId(new Guid(person, 0, 0, new byte[8]));
        var at = system.Clock.GetUtcNow();
        var made = new Change(
            new CaptureId(new Guid(person, (short)change, 0, new byte[8])), new AccountId(new SourceId("alpha"), identity.Value), new Stamp(0, (uint)change, 1, Guid.Empty),
            new AccountNames("CN=someone", "someone", null, null), new StageTimes(at, at, at, at), at.AddDays(1));
        actor.TryTell(new ProviderMessage.Due(identity, new Offer(new SyncPointId("point"), made) { IsBulk = isBulk })).ShouldBe(TellResult.Accepted);
        return SettleAsync();
    }

    private async Task OfferEachAsync(int people)
    {
        for (var person = 1; person <= people; person++) await OfferAsync(person);
    }

    /// <summary>Ends the delivery of a person that is in hand.</summary>
    private Task EndAsync(int person, PointRest? rest = null)
    {
        begun.Single(carried => carried.Person == person && !carried.End.Task.IsCompleted).End.SetResult(rest);
        return SettleAsync();
    }

    private Task PassAsync(TimeSpan time)
    {
        system.Clock.Advance(time);
        return SettleAsync();
    }

    /// <summary>Lets all happen that follows: until what the actor takes for running is what was begun and has not ended.</summary>
    private async Task SettleAsync()
    {
        while (true)
        {
            Token.ThrowIfCancellationRequested();
            var status = await ShowAsync();
            lock (gate)
            {
                if (status.Running == begun.Count(carried => !carried.End.Task.IsCompleted)) return;
            }

            await Task.Yield();
        }
    }

    private Task<ProviderStatus> ShowAsync() => system.Turns.RunUntilAsync(actor.AskAsync<ProviderStatus>(reply => new ProviderMessage.Show(reply), Minute, Token));
}
