using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Actors.Delivering;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Settings;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>Deliveries of a sync point that all nodes together may begin only so often.</summary>
public sealed class Budgeted_deliverer_tests : IDeliverer, IRateBudget
{
    private static readonly RateSettings Most = new(64, TimeSpan.FromSeconds(1));
    private readonly ManualClock clock = new();
    private readonly Queue<Func<int, RateGrant>> answers = new();
    private readonly List<int> urgent = [];
    private Task mayAnswerBulk = Task.CompletedTask;
    private readonly BudgetedDeliverer deliverer;
    private int delivered;

    private static readonly Offer Own = new(new SyncPointId("mail"), null!);
    private static readonly Offer Bulk = Own with { IsBulk = true, GivesWay = true };

    public Budgeted_deliverer_tests() => deliverer = new BudgetedDeliverer(this, "mail", Most, this, clock, NullLogger<BudgetedDeliverer>.Instance);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Permits_are_taken_some_at_a_time_and_each_begins_one_delivery()
    {
        answers.Enqueue(wanted => new RateGrant(wanted, TimeSpan.Zero));
        answers.Enqueue(_ => new RateGrant(0, TimeSpan.FromMilliseconds(30)));

        var rests = new List<PointRest?>();
        for (var i = 0; i < 11; i++) rests.Add(await deliverer.DeliverAsync(default, Own, Token));

        delivered.ShouldBe(10, "what a quarter of a second has");
        rests.Take(10).ShouldAllBe(rest => rest == null);
        rests[10].ShouldBe(new PointRest(clock.GetUtcNow() + TimeSpan.FromMilliseconds(30), IsUntouched: true) { Why = "Its rate is used up: all nodes together begin 64 deliveries in 1s at most." });
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 60)]
    [InlineData(60, 60)]
    [InlineData(600, 3_600)]
    public void No_window_has_more_than_the_permits_even_if_all_that_came_at_once_was_begun_late(int permits, int seconds)
    {
        var (per, late) = (TimeSpan.FromSeconds(seconds), TimeSpan.FromMilliseconds(250));
        var rule = BudgetedDeliverer.BucketFor(new RateSettings(permits, per));
        var (held, now, begun) = ((double)rule.Permits, TimeSpan.Zero, new List<TimeSpan>());
        while (now < 3 * per)
        {
            var grant = rule.Grant(held, wanted: 1, urgent: 1);
            held = rule.Fill(held - grant.Permits, grant.Wait + TimeSpan.FromTicks(1));
            now += grant.Wait + TimeSpan.FromTicks(1);
            if (grant.Permits > 0) begun.Add(now < late ? late : now);
        }

        begun.Max(first => begun.Count(other => other >= first && other < first + per)).ShouldBeInRange(Math.Max(1, permits / 2), permits);
    }

    [Fact]
    public async Task Who_asked_begins_however_late_the_answer_comes()
    {
        answers.Enqueue(_ =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            return new RateGrant(1, TimeSpan.Zero);
        });

        (await deliverer.DeliverAsync(default, Own, Token)).ShouldBeNull();
        delivered.ShouldBe(1);
    }

    [Fact]
    public async Task Permits_that_were_not_used_soon_are_given_up()
    {
        answers.Enqueue(wanted => new RateGrant(wanted, TimeSpan.Zero));
        answers.Enqueue(_ => new RateGrant(0, TimeSpan.FromSeconds(1)));
        await deliverer.DeliverAsync(default, Own, Token);

        clock.Advance(TimeSpan.FromSeconds(1));

        (await deliverer.DeliverAsync(default, Own, Token)).ShouldNotBeNull();
        delivered.ShouldBe(1);
    }

    [Fact]
    public async Task Point_rests_while_the_database_cannot_be_asked_and_goes_on_after()
    {
        answers.Enqueue(_ => throw new StorageUnavailableException("away", null));
        answers.Enqueue(wanted => new RateGrant(wanted, TimeSpan.Zero));

        (await deliverer.DeliverAsync(default, Own, Token)).ShouldNotBeNull().IsUntouched.ShouldBeTrue();
        (await deliverer.DeliverAsync(default, Own, Token)).ShouldBeNull();
        delivered.ShouldBe(1);
    }

    [Fact]
    public async Task Bulk_work_that_finds_nothing_rests_alone_and_a_person_s_own_change_beside_it_asks_for_itself()
    {
        answers.Enqueue(_ => new RateGrant(0, TimeSpan.FromSeconds(2)));
        answers.Enqueue(_ => new RateGrant(1, TimeSpan.Zero));

        var rest = await deliverer.DeliverAsync(default, Bulk, Token);
        (await deliverer.DeliverAsync(default, Own, Token)).ShouldBeNull();

        rest.ShouldBe(new PointRest(clock.GetUtcNow() + TimeSpan.FromSeconds(2), IsUntouched: true)
        {
            IsOfBulk = true,
            Why = "Its rate leaves nothing for bulk work now: all nodes together begin 64 deliveries in 1s at most, people's own changes first.",
        });
        urgent.ShouldBe([0, 1]);
        delivered.ShouldBe(1);
    }

    [Fact]
    public async Task A_person_s_own_change_does_not_wait_for_the_answer_that_bulk_work_waits_for_and_both_find_what_came_for_both()
    {
        var bulkAnswer = new TaskCompletionSource();
        mayAnswerBulk = bulkAnswer.Task;
        answers.Enqueue(_ => new RateGrant(2, TimeSpan.Zero));
        answers.Enqueue(_ => new RateGrant(2, TimeSpan.Zero));
        var bulk = deliverer.DeliverAsync(default, Bulk, Token);

        (await deliverer.DeliverAsync(default, Own, Token)).ShouldBeNull();
        delivered.ShouldBe(1);
        bulk.IsCompleted.ShouldBeFalse();
        bulkAnswer.SetResult();
        (await bulk).ShouldBeNull();

        // One of each answer is left, for anyone.
        (await deliverer.DeliverAsync(default, Own, Token)).ShouldBeNull();
        (await deliverer.DeliverAsync(default, Bulk, Token)).ShouldBeNull();
        (delivered, urgent.Count).ShouldBe((4, 2));
    }

    Task<PointRest?> IDeliverer.DeliverAsync(IdentityId identity, Offer offer, CancellationToken cancellationToken)
    {
        delivered++;
        return Task.FromResult<PointRest?>(null);
    }

    async ValueTask<RateGrant> IRateBudget.TakeAsync(string bucket, RateRule rule, int wanted, int asUrgent, CancellationToken cancellationToken)
    {
        lock (urgent) urgent.Add(asUrgent);
        if (asUrgent == 0) await mayAnswerBulk;
        lock (urgent) return answers.Dequeue()(wanted);
    }
}
