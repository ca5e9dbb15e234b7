using System.Collections.Immutable;
using PasswordSync.Actors.Delivering;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode.Deliveries;
using Shouldly;
using Xunit;
using static PasswordSync.Nodes.Tests.Deliveries.DelivererFixture;

namespace PasswordSync.Nodes.Tests.Deliveries;

/// <summary>Outcomes that cannot be told when they are known: each way in which their holding ends, on a target that cannot be probed.</summary>
public sealed class Held_outcomes_tests
{
    private static readonly HeldOutcomesOptions Options = new();
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task I1_an_outcome_is_told_again_until_it_is_heard()
    {
        await using var one = new DelivererFixture(script: NeverProbed);
        await one.CaptureAsync();
        var lost = 3;
        one.Identities.LosesQuestion = question => question is IdentityCommand.FinishAttempt && lost-- > 0;

        (await one.DeliverAsync(Token)).ShouldBeNull();
        one.Held.Count.ShouldBe(1, "its place at the sync point is free, and nothing is forgotten");
        for (var round = 0; round < 3; round++) await one.TellHeldAsync(Second * 2, Token);

        one.State.ShouldBeOfType<PointState.Idle>().Last!.End.ShouldBe(DeliveryEnd.Delivered);
        one.Held.Count.ShouldBe(0);
        one.Target.Writes.Length.ShouldBe(1);
        one.Log.All.ShouldContain(line => line.Contains("ended with Delivered is recorded after 00:00:06", StringComparison.Ordinal));
    }

    [Fact(Timeout = 600_000)]
    public async Task I3_while_an_outcome_is_held_its_attempt_is_not_given_up_and_nothing_is_sent_again()
    {
        await using var one = await HoldingAsync();

        // The database is back, and the identity wakes up before the outcome is told.
        one.Clock.Advance(TimeSpan.FromHours(3));
        one.Own(TimeSpan.FromHours(1));
        one.Identities.LosesQuestion = _ => false;
        await WakeAsync(one);
        one.State.ShouldBeOfType<PointState.InFlight>();
        one.Identities.StateOf(Ann).DueOffers(one.Clock.GetUtcNow()).ShouldBeEmpty();
        await one.Held.TellDueAsync(Token);

        one.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Delivered>();
        one.State.ShouldBeOfType<PointState.Idle>();
        one.Target.Writes.Length.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_failure_that_is_held_is_followed_by_the_next_try_without_a_probe_and_not_by_an_attempt_with_unknown_outcome()
    {
        var isBusy = true;
        await using var one = new DelivererFixture(script: (call, token) =>
            call.Step == MemoryStep.BeforeWrite && isBusy ? Task.FromResult<DeliveryOutcome?>(new DeliveryOutcome.Transient("busy")) : NeverProbed(call, token));
        await one.CaptureAsync();
        one.Identities.LosesQuestion = question => question is IdentityCommand.FinishAttempt;
        await one.DeliverAsync(Token);
        (isBusy, one.Identities.LosesQuestion) = (false, _ => false);

        await one.TellHeldAsync(Second, Token);
        await one.PassUntilDueAsync();
        await one.DeliverAsync(Token);

        one.Outcomes.Select(outcome => outcome.GetType()).ShouldBe([typeof(DeliveryOutcome.Transient), typeof(DeliveryOutcome.Delivered)]);
        one.Target.Writes.Length.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_newer_change_waits_behind_an_outcome_that_is_held_and_follows_it()
    {
        await using var one = await HoldingAsync();
        await one.CaptureAsync(2);
        one.State.ShouldBeOfType<PointState.InFlight>().Next.ShouldNotBeNull();
        one.Identities.LosesQuestion = _ => false;

        await one.TellHeldAsync(Second, Token);
        await one.DeliverAsync(Token);

        one.Outcomes.Count(outcome => outcome is DeliveryOutcome.Delivered).ShouldBe(2);
        one.Target.Writes.Length.ShouldBe(2);
    }

    [Fact(Timeout = 600_000)]
    public async Task An_outcome_whose_answer_was_lost_is_told_once_more_and_let_go()
    {
        await using var one = new DelivererFixture(script: NeverProbed);
        await one.CaptureAsync();
        one.Identities.LosesAnswer = question => question is IdentityCommand.FinishAttempt;
        await one.DeliverAsync(Token);
        one.Held.Count.ShouldBe(1);
        one.Identities.LosesAnswer = _ => false;

        await one.TellHeldAsync(Second, Token);

        one.Held.Count.ShouldBe(0);
        one.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Delivered>();
    }

    [Fact(Timeout = 600_000)]
    public async Task An_outcome_of_an_attempt_that_another_node_gave_up_is_let_go_when_the_shard_is_back()
    {
        await using var one = await HoldingAsync();
        one.Clock.Advance(AttemptTimeout * 2);
        one.Identities.LosesQuestion = _ => false;
        await WakeElsewhereAsync(one);
        one.State.ShouldBeOfType<PointState.Waiting>();

        await one.Held.TellDueAsync(Token);

        one.Held.Count.ShouldBe(0);
        one.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Unknown>();
        one.Log.All.ShouldContain(line => line.Contains($"is not recorded ({DecisionRefusal.AttemptNotCurrent})", StringComparison.Ordinal));
    }

    [Fact(Timeout = 600_000)]
    public async Task An_outcome_whose_shard_is_another_nodes_is_kept_until_that_node_has_given_the_attempt_up()
    {
        await using var one = await HoldingAsync();
        var asked = one.Identities.Asked.Count;
        Take(one, TimeSpan.FromHours(1));

        await one.TellHeldAsync(AttemptTimeout + Options.ElsewhereMax - Second, Token);
        one.Held.Count.ShouldBe(1, "the shard may come back before anybody has judged");
        await one.TellHeldAsync(Options.RetryMax, Token);

        one.Held.Count.ShouldBe(0);
        one.Identities.Asked.Count.ShouldBe(asked, "who is another node's is not asked here");
        one.Log.All.ShouldContain(line => line.Contains("is another node's now", StringComparison.Ordinal));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_shard_that_comes_back_is_told_what_was_held_meanwhile()
    {
        await using var one = await HoldingAsync();
        Take(one, TimeSpan.FromHours(1));
        await one.TellHeldAsync(Second, Token);
        one.Own(TimeSpan.FromHours(1));
        one.Identities.LosesQuestion = _ => false;

        await one.TellHeldAsync(Options.RetryMax, Token);

        one.State.ShouldBeOfType<PointState.Idle>().Last!.End.ShouldBe(DeliveryEnd.Delivered);
        one.Target.Writes.Length.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task While_the_lease_is_over_nobody_is_asked_and_after_it_is_renewed_the_outcome_is_told_at_once()
    {
        await using var one = await HoldingAsync();
        one.Own(Second);
        one.Clock.Advance(Second);
        var asked = one.Identities.Asked.Count;
        for (var round = 0; round < 20; round++) await one.TellHeldAsync(TimeSpan.FromMinutes(1), Token);
        one.Identities.Asked.Count.ShouldBe(asked);
        one.Own(TimeSpan.FromHours(1));
        one.Identities.LosesQuestion = _ => false;

        await one.Held.TellDueAsync(Token);

        one.State.ShouldBeOfType<PointState.Idle>();
        one.Target.Writes.Length.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task I9_an_outcome_that_its_person_breaks_over_is_forgotten_soon_after_its_deadline_so_that_a_newer_change_need_not_wait()
    {
        await using var one = await HoldingAsync();
        one.Own(Options.KeptFor);
        one.Identities.LosesQuestion = question => question is IdentityCommand.FinishAttempt ? throw new IdentityUnavailableException(Ann, new InvalidOperationException("a damaged journal")) : false;

        await one.TellHeldAsync(Second * 10, Token);
        one.Held.Count.ShouldBe(1);
        await one.TellHeldAsync(Options.ElsewhereMax * 2, Token);

        one.Held.Count.ShouldBe(0);
        one.Log.All.ShouldContain(line => line.Contains("cannot be recorded, whatever the database does", StringComparison.Ordinal));
        await WakeAsync(one);
        one.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Unknown>();
    }

    [Fact(Timeout = 600_000)]
    public async Task I7_an_outcome_that_is_too_old_is_forgotten_and_its_attempt_given_up()
    {
        await using var one = await HoldingAsync();
        one.Own(Options.KeptFor * 2);

        await one.TellHeldAsync(Options.KeptFor - Second, Token);
        one.Held.Count.ShouldBe(1);
        await one.TellHeldAsync(Second, Token);

        one.Held.Count.ShouldBe(0);
        one.Log.All.ShouldContain(line => line.Contains("could not be recorded for 1.00:00:00 and is forgotten", StringComparison.Ordinal));
        one.Identities.LosesQuestion = _ => false;
        await WakeAsync(one);
        one.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Unknown>();
    }

    [Fact(Timeout = 600_000)]
    public async Task I7_nothing_is_begun_while_as_many_outcomes_are_held_as_may_be()
    {
        await using var one = await HoldingAsync(new HeldOutcomesOptions { HeldMax = 1 });
        var bob = new IdentityId(Guid.NewGuid());
        one.Target.Add("bob");
        var change = await one.CaptureAsync(identity: bob, login: "bob");

        var rest = (await one.DeliverAsync(bob, change, Token)).ShouldNotBeNull();
        (rest.IsUntouched, rest.Until).ShouldBe((true, one.Clock.GetUtcNow() + new DelivererOptions().StorageRest));
        one.Target.Writes.ShouldHaveSingleItem().Login.ShouldBe("ann");

        one.Identities.LosesQuestion = _ => false;
        await one.TellHeldAsync(Second, Token);
        (await one.DeliverAsync(bob, change, Token)).ShouldBeNull();
        one.Target.Writes.Select(write => write.Login).ShouldBe(["ann", "bob"]);
    }

    [Fact(Timeout = 600_000)]
    public async Task Who_answers_in_vain_is_asked_more_and_more_slowly_and_never_more_slowly_than_the_longest_pause()
    {
        await using var one = await HoldingAsync();
        var asked = one.Identities.Asked.Count;
        var pauses = new List<TimeSpan>();
        var since = one.Clock.GetUtcNow();
        while (pauses.Count < 6)
        {
            await one.TellHeldAsync(TimeSpan.FromMilliseconds(500), Token);
            if (one.Identities.Asked.Count == asked) continue;
            (asked, since, var pause) = (one.Identities.Asked.Count, one.Clock.GetUtcNow(), one.Clock.GetUtcNow() - since);
            pauses.Add(pause);
        }

        pauses.Select(pause => pause.TotalSeconds).ShouldBe([0.5, 1, 2, 4, 5, 5]);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_shard_is_not_handed_over_before_what_is_held_for_it_is_told()
    {
        await using var one = await HoldingAsync();
        one.Ownership.Renew(new LeaseView(ImmutableSortedDictionary<int, long>.Empty.Add(0, 1), TimeSpan.FromHours(1)) { Surplus = [0] }, one.Clock.GetTimestamp());
        one.Ownership.TakeHandedOver(TimeSpan.FromHours(1)).ShouldBeEmpty();
        one.Identities.LosesQuestion = _ => false;

        await one.TellHeldAsync(Second, Token);

        one.State.ShouldBeOfType<PointState.Idle>();
        one.Ownership.TakeHandedOver(TimeSpan.FromHours(1)).ShouldBe([0]);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_ends_waits_for_what_is_held_and_no_longer_than_it_may()
    {
        await using var one = await HoldingAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15), one.Clock);
        var end = one.Held.EndAsync(limit.Token);
        one.Clock.Advance(TimeSpan.FromSeconds(14));
        end.IsCompleted.ShouldBeFalse();

        one.Clock.Advance(Second);

        await end.WaitAsync(Token);
        one.Log.All.ShouldContain(line => line.Contains("ends before 1 outcomes", StringComparison.Ordinal));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_ends_goes_on_as_soon_as_everything_is_told()
    {
        await using var one = await HoldingAsync();
        using var stop = new CancellationTokenSource();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15), one.Clock);
        var telling = one.Held.RunAsync(stop.Token);
        var end = one.Held.EndAsync(limit.Token);
        one.Identities.LosesQuestion = _ => false;
        while (!end.IsCompleted)
        {
            Token.ThrowIfCancellationRequested();
            if (one.Clock.ArmedTimers > 2) one.Clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        limit.IsCancellationRequested.ShouldBeFalse();
        one.State.ShouldBeOfType<PointState.Idle>().Last!.End.ShouldBe(DeliveryEnd.Delivered);
        await stop.CancelAsync();
        await telling.WaitAsync(Token);
    }

    // Ann's password is at the target, and nobody could be told so.
    private static async Task<DelivererFixture> HoldingAsync(HeldOutcomesOptions? options = null)
    {
        var one = new DelivererFixture(script: NeverProbed, held: options);
        await one.CaptureAsync();
        one.Identities.LosesQuestion = question => question is IdentityCommand.FinishAttempt;
        (await one.DeliverAsync(Token)).ShouldBeNull();
        one.Held.Count.ShouldBe(1);
        one.Target.Writes.Length.ShouldBe(1);
        return one;
    }

    private static Task<Decision> WakeAsync(DelivererFixture one) => one.Identities.DecideAsync(Ann, now => new IdentityCommand.WakeUp(now, 0), Token);

    // As a node that does not have the outcome.
    private static async Task WakeElsewhereAsync(DelivererFixture one)
    {
        one.Identities.Rules = () => DecisionRules.Default;
        await WakeAsync(one);
    }

    // The lease goes on, and this shard is no part of it.
    private static void Take(DelivererFixture one, TimeSpan lease) => one.Ownership.Renew(new LeaseView(ImmutableSortedDictionary<int, long>.Empty, lease), one.Clock.GetTimestamp());

    private static Task<DeliveryOutcome?> NeverProbed(MemoryCall call, CancellationToken _) =>
        Task.FromResult<DeliveryOutcome?>(call.Step == MemoryStep.Probe ? new DeliveryOutcome.Transient("It cannot be asked.") : null);
}
