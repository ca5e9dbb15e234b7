using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Actors.Delivering;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>Deliveries of a sync point that all nodes together may begin only so often.</summary>
public sealed class Budgeted_deliverer_tests : IDeliverer, IRateBudget
{
    private static readonly RateRule Rule = new(40, TimeSpan.FromSeconds(1));
    private readonly ManualClock clock = new();
    private readonly Queue<Func<int, RateGrant>> answers = new();
    private readonly BudgetedDeliverer deliverer;
    private int delivered;

    public Budgeted_deliverer_tests() => deliverer = new BudgetedDeliverer(this, "mail", Rule, this, clock, NullLogger<BudgetedDeliverer>.Instance);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Permits_are_taken_some_at_a_time_and_each_begins_one_delivery()
    {
        answers.Enqueue(wanted => new RateGrant(wanted, TimeSpan.Zero));
        answers.Enqueue(_ => new RateGrant(0, TimeSpan.FromMilliseconds(30)));

        var rests = new List<PointRest?>();
        for (var i = 0; i < 11; i++) rests.Add(await deliverer.DeliverAsync(default, null!, Token));

        delivered.ShouldBe(10, "what a quarter of a second has");
        rests.Take(10).ShouldAllBe(rest => rest == null);
        rests[10].ShouldBe(new PointRest(clock.GetUtcNow() + TimeSpan.FromMilliseconds(30), IsUntouched: true));
    }

    [Fact]
    public async Task Permits_that_were_not_used_soon_are_given_up()
    {
        answers.Enqueue(wanted => new RateGrant(wanted, TimeSpan.Zero));
        answers.Enqueue(_ => new RateGrant(0, TimeSpan.FromSeconds(1)));
        await deliverer.DeliverAsync(default, null!, Token);

        clock.Advance(TimeSpan.FromSeconds(1));

        (await deliverer.DeliverAsync(default, null!, Token)).ShouldNotBeNull();
        delivered.ShouldBe(1);
    }

    [Fact]
    public async Task Point_rests_while_the_database_cannot_be_asked_and_goes_on_after()
    {
        answers.Enqueue(_ => throw new StorageUnavailableException("away", null));
        answers.Enqueue(wanted => new RateGrant(wanted, TimeSpan.Zero));

        (await deliverer.DeliverAsync(default, null!, Token)).ShouldNotBeNull().IsUntouched.ShouldBeTrue();
        (await deliverer.DeliverAsync(default, null!, Token)).ShouldBeNull();
        delivered.ShouldBe(1);
    }

    Task<PointRest?> IDeliverer.DeliverAsync(IdentityId identity, Offer offer, CancellationToken cancellationToken)
    {
        delivered++;
        return Task.FromResult<PointRest?>(null);
    }

    ValueTask<RateGrant> IRateBudget.TakeAsync(string bucket, RateRule rule, int wanted, CancellationToken cancellationToken) => ValueTask.FromResult(answers.Dequeue()(wanted));
}
