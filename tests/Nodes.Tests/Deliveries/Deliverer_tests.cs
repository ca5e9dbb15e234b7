using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Providers.Memory;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.SyncNode.Deliveries;
using Shouldly;
using Xunit;
using static PasswordSync.Nodes.Tests.Deliveries.DelivererFixture;

namespace PasswordSync.Nodes.Tests.Deliveries;

/// <summary>One delivery through each of its steps, and what is left when a step fails.</summary>
public sealed class Deliverer_tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_delivery_sets_the_password_once_and_tells_so()
    {
        await using var one = new DelivererFixture();
        await one.CaptureAsync();

        (await one.DeliverAsync(Token)).ShouldBeNull();

        one.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Delivered>();
        one.Target.SignIn("ann", Canary).ShouldBeTrue();
        one.State.ShouldBeOfType<PointState.Idle>().Last!.End.ShouldBe(DeliveryEnd.Delivered);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_target_that_is_silent_while_the_account_is_looked_for_is_tried_again_later()
    {
        await using var one = new DelivererFixture(script: Silent(MemoryStep.Prepare));
        await one.CaptureAsync();

        (await one.AdvanceUntilDoneAsync(one.DeliverAsync(Token), TimeSpan.FromSeconds(1), Token)).ShouldBeNull();

        one.Identities.Events.OfType<IdentityEvent.ObstacleMet>().ShouldHaveSingleItem().Outcome.ShouldBeOfType<DeliveryOutcome.Transient>();
        one.State.ShouldBeOfType<PointState.Waiting>().Delivery.FailedAttempts.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task I3_a_target_that_is_silent_while_it_is_written_to_ends_at_the_deadline_as_unknown_and_is_probed_next()
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var one = new DelivererFixture(script: async (call, token) =>
        {
            if (call.Step != MemoryStep.AfterWrite) return null;
            written.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
            return null;
        });
        await one.CaptureAsync();

        var delivery = one.DeliverAsync(Token);
        await written.Task.WaitAsync(Token);
        one.Clock.Advance(AttemptTimeout - TimeSpan.FromSeconds(1));
        one.Outcomes.ShouldBeEmpty();
        one.Clock.Advance(TimeSpan.FromSeconds(1));
        await delivery;

        one.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Unknown>();
        one.Script = null;
        await one.PassUntilDueAsync();
        await one.DeliverAsync(Token);

        one.Outcomes.Last().ShouldBeOfType<DeliveryOutcome.AlreadyThere>();
        one.Target.Writes.Length.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task An_attempt_is_not_begun_when_the_lease_is_about_to_end()
    {
        await using var one = new DelivererFixture();
        await one.CaptureAsync();
        one.Own(new DelivererOptions().LeaseMargin);

        await one.DeliverAsync(Token);

        one.Target.Writes.ShouldBeEmpty();
        one.State.ShouldBeOfType<PointState.Waiting>();
    }

    [Fact(Timeout = 600_000)]
    public async Task I3_an_offer_that_a_newer_change_overtook_writes_nothing()
    {
        await using var one = new DelivererFixture();
        var older = await one.CaptureAsync(1);
        await one.CaptureAsync(2);

        await one.DeliverAsync(older, Token);

        one.Target.Writes.ShouldBeEmpty();
        one.Identities.Events.OfType<IdentityEvent.AttemptStarted>().ShouldBeEmpty();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_lost_answer_to_the_question_for_an_attempt_writes_nothing_and_its_deadline_ends_it()
    {
        await using var one = new DelivererFixture();
        await one.CaptureAsync();
        one.Identities.LosesAnswer = question => question is IdentityCommand.BeginAttempt;

        (await one.DeliverAsync(Token)).ShouldBeNull();
        one.Target.Writes.ShouldBeEmpty();
        one.State.ShouldBeOfType<PointState.InFlight>();

        one.Identities.LosesAnswer = _ => false;
        await one.PassUntilDueAsync();
        await one.DeliverAsync(Token);
        one.Target.SignIn("ann", Canary).ShouldBeTrue();
        one.Target.Writes.Length.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_target_that_asks_for_a_pause_has_its_sync_point_rest()
    {
        await using var one = new DelivererFixture();
        await one.CaptureAsync();
        var until = one.Clock.GetUtcNow().AddMinutes(2);
        one.Script = (call, _) => Task.FromResult<DeliveryOutcome?>(call.Step == MemoryStep.Prepare ? new DeliveryOutcome.Throttled(until, "slow down") : null);

        var rest = (await one.DeliverAsync(Token)).ShouldNotBeNull();

        (rest.Until, rest.IsUntouched).ShouldBe((until, true));
        one.Identities.Events.OfType<IdentityEvent.ObstacleMet>().ShouldBeEmpty("nothing was begun, and a pause counts for nothing");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_pause_that_is_asked_for_at_the_write_is_an_outcome_and_a_rest()
    {
        await using var one = new DelivererFixture();
        await one.CaptureAsync();
        var until = one.Clock.GetUtcNow().AddMinutes(2);
        one.Script = (call, _) => Task.FromResult<DeliveryOutcome?>(call.Step == MemoryStep.BeforeWrite ? new DeliveryOutcome.Throttled(until, "slow down") : null);

        var rest = (await one.DeliverAsync(Token)).ShouldNotBeNull();

        (rest.Until, rest.IsUntouched).ShouldBe((until, false));
        one.State.ShouldBeOfType<PointState.Waiting>().ShouldSatisfyAllConditions(state => state.DueAt.ShouldBe(until), state => state.Delivery.FailedAttempts.ShouldBe(0));
    }

    [Fact(Timeout = 600_000)]
    public async Task I5_a_provider_that_breaks_with_the_password_in_its_message_tells_nobody()
    {
        await using var one = new DelivererFixture(script: (call, _) =>
            call.Step is MemoryStep.Writing ? throw new InvalidOperationException($"could not set '{Canary}'") : Task.FromResult<DeliveryOutcome?>(null));
        await one.CaptureAsync();

        await one.DeliverAsync(Token);

        one.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Unknown>();
        one.Log.All.ShouldContain(line => line.Contains(nameof(InvalidOperationException)));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_secret_that_is_gone_ends_the_delivery_and_one_of_an_expired_change_ends_by_itself()
    {
        await using var one = new DelivererFixture();
        var change = await one.CaptureAsync(expiresAfter: TimeSpan.FromHours(1));
        one.Stores.Envelopes.Clear();
        one.Clock.Advance(TimeSpan.FromHours(1));
        await one.DeliverAsync(change, Token);
        one.Identities.Events.OfType<IdentityEvent.DeliveryEnded>().ShouldBeEmpty();
        await one.Identities.DecideAsync(Ann, now => new IdentityCommand.WakeUp(now, 0), Token);
        one.State.ShouldBeOfType<PointState.Idle>().Last!.End.ShouldBe(DeliveryEnd.Expired);

        await one.CaptureAsync(2);
        one.Stores.Envelopes.Clear();
        await one.DeliverAsync(Token);
        one.State.ShouldBeOfType<PointState.Idle>().Last!.End.ShouldBe(DeliveryEnd.SecretUnusable);
    }

    [Fact(Timeout = 600_000)]
    public async Task I1_a_key_that_the_node_does_not_hold_is_waited_for_and_one_that_was_destroyed_is_not()
    {
        await using var one = new DelivererFixture();
        var full = one.Ring;
        await one.CaptureAsync();
        one.Ring = KeyRing.Begin("test", one.Clock.GetUtcNow());
        await one.DeliverAsync(Token);
        one.State.ShouldBeOfType<PointState.Waiting>().LastFailure!.ShouldContain("which this key ring does not hold");

        one.Ring.Dispose();
        one.Ring = full;
        await one.PassUntilDueAsync();
        await one.DeliverAsync(Token);
        one.Target.SignIn("ann", Canary).ShouldBeTrue();

        await one.CaptureAsync(2);
        var rotation = new KeyRotation(TimeSpan.Zero);
        var now = one.Clock.GetUtcNow();
        one.Ring = one.Ring.Rotate(now, rotation).Ring!.DestroyExpired(now, rotation).Ring!;
        await one.DeliverAsync(Token);
        var last = one.State.ShouldBeOfType<PointState.Idle>().Last!;
        last.End.ShouldBe(DeliveryEnd.SecretUnusable);
        last.Reason!.ShouldContain("was destroyed");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_is_forced_to_end_before_the_write_tells_that_nothing_was_sent()
    {
        using var forced = new CancellationTokenSource();
        await using var one = new DelivererFixture();
        await one.CaptureAsync();
        one.Script = async (call, token) =>
        {
            if (call.Step != MemoryStep.BeforeWrite) return null;
            await forced.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
            return null;
        };

        await one.DeliverAsync(forced.Token);

        one.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Transient>();
        one.Target.Writes.ShouldBeEmpty();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_target_account_that_another_identity_writes_is_a_conflict_and_is_not_written()
    {
        await using var one = new DelivererFixture();
        await one.CaptureAsync();
        await one.DeliverAsync(Token);
        var bob = new IdentityId(Guid.NewGuid());
        var change = (await one.CaptureAsync(2)) with { Account = new AccountId(new SourceId("alpha"), bob.Value) };
        await one.Identities.DecideAsync(bob, now => new IdentityCommand.DecideCapture(now, change, [Point], OwnWrites.None), Token);
        await one.DeliverAsync(Token);
        one.Target.Writes.Length.ShouldBe(2);

        await one.DeliverAsync(bob, change, Token);

        one.Target.Writes.Length.ShouldBe(2);
        one.Identities.StateOf(bob).Points[Point].ShouldBeOfType<PointState.Waiting>().LastFailure!.ShouldContain("Conflict");
    }

    private static MemoryScript Silent(MemoryStep step) => async (call, token) =>
    {
        if (call.Step == step) await Task.Delay(Timeout.Infinite, token);
        return null;
    };
}
