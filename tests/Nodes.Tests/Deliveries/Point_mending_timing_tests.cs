using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Deliveries;

/// <summary>When what waits for a mended sync point is looked for, and how often at most.</summary>
public sealed class Point_mending_timing_tests : IAsyncDisposable
{
    private static readonly SyncPointId Beta = new("beta");
    private static readonly SyncPointId Gamma = new("gamma");

    private readonly ManualClock clock = new();
    private readonly CancellationTokenSource ending = new();
    private readonly ShardOwnership ownership;
    private readonly List<PendingIdentity?> looks = [];
    private readonly PointMending mending;
    private readonly Task running;
    private bool isAway;

    public Point_mending_timing_tests()
    {
        ownership = new ShardOwnership(shardCount: 1, clock);
        Gain(epoch: 1);
        mending = new PointMending(ListAsync, [Beta, Gamma], clock, NullLogger<PointMending>.Instance);
        running = mending.RunAsync(new DecidingIdentities(clock, () => DecisionRules.Default), ownership, ending.Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task The_first_success_after_the_start_looks_for_what_waits_since_before_it()
    {
        await LookAsync();
        looks.ShouldBeEmpty();

        Succeed(Beta);
        await LookAsync();
        Succeed(Beta);
        await LookAsync();

        looks.Count.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task Accounts_that_stay_out_of_reach_are_not_tried_again_with_every_success_of_others()
    {
        for (var minute = 0; minute < 45; minute++)
        {
            Fail(Beta);
            Succeed(Beta);
            await LookAsync();
            clock.Advance(TimeSpan.FromMinutes(1) - PointMending.LookInterval);
            await clock.WhenArmedAsync(1);
        }

        looks.Count.ShouldBe(3, "once in a quarter of an hour");
    }

    [Fact(Timeout = 600_000)]
    public async Task Shards_gained_later_are_looked_through_for_points_that_were_verified_since()
    {
        mending.Verified(Beta, provider: null!);
        await LookAsync();
        looks.Count.ShouldBe(1);

        Gain(epoch: 2);
        await LookAsync();
        looks.Count.ShouldBe(2);

        Fail(Beta);
        Gain(epoch: 3);
        await LookAsync();
        looks.Count.ShouldBe(2, "it is no longer known to work");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_database_that_is_away_is_asked_again()
    {
        isAway = true;
        mending.Verified(Beta, provider: null!);
        await LookAsync();
        looks.ShouldBeEmpty();

        isAway = false;
        await LookAsync();
        looks.Count.ShouldBe(1);
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await running;
        ending.Dispose();
    }

    private void Gain(long epoch) => ownership.Renew(new LeaseView(ImmutableSortedDictionary<int, long>.Empty.Add(0, epoch), TimeSpan.FromDays(1)), clock.GetTimestamp());

    private void Succeed(SyncPointId point) => mending.Observe(Finished(point, new DeliveryOutcome.Delivered(null, null)));

    private void Fail(SyncPointId point) => mending.Observe(Finished(point, new DeliveryOutcome.TargetMisconfigured("No rights.")));

    private IdentityEvent.AttemptFinished Finished(SyncPointId point, DeliveryOutcome outcome) =>
        new(clock.GetUtcNow(), point, new CaptureId(Guid.NewGuid()), Guid.NewGuid(), outcome, new AttemptSequel.Settled(DeliveryEnd.Delivered));

    private async Task LookAsync()
    {
        await clock.WhenArmedAsync(1);
        clock.Advance(PointMending.LookInterval);
        await clock.WhenArmedAsync(1);
    }

    private ValueTask<ImmutableArray<PendingIdentity>> ListAsync(PendingIdentity? after, int limit, CancellationToken cancellationToken)
    {
        if (isAway) throw MemoryStores.Away;
        looks.Add(after);
        return ValueTask.FromResult(ImmutableArray<PendingIdentity>.Empty);
    }
}
