using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Decisions;

/// <summary>What becomes of one delivery at one sync point.</summary>
public sealed class Attempts_are_decided
{
    [Fact]
    public void Each_failure_waits_as_long_as_its_number_says()
    {
        var history = Captures_are_decided.Accepted(1);
        for (var failures = 1; failures <= 4; failures++)
        {
            history.Attempt(1, History.Transient);
            history.At.ShouldBe<PointState.Waiting>().DueAt.ShouldBe(history.Now + RetryPolicy.Default.DelayAfter(failures, 0));
            history.WaitUntilDue();
        }
    }

    [Fact]
    public void A_delivered_change_is_settled_and_its_secret_no_longer_needed()
    {
        var history = Captures_are_decided.Accepted(1);

        history.Attempt(1, History.Delivered());

        history.Last!.ShouldSatisfyAllConditions(last => last.CaptureId.ShouldBe(Some.Capture(1)), last => last.End.ShouldBe(DeliveryEnd.Delivered));
        history.State.NeededSecrets.ShouldBeEmpty();
        history.State.NextWakeUp(history.Rules).ShouldBeNull();
    }

    [Fact]
    public void An_attempt_records_its_deadline_target_and_baseline_before_it_writes()
    {
        var history = Captures_are_decided.Accepted(1);

        history.Begin(1, new TargetMark("before")).Events.Single().ShouldBeOfType<IdentityEvent.AttemptStarted>();

        var attempt = history.At.ShouldBe<PointState.InFlight>().Attempt;
        attempt.ShouldBe(new Attempt(
            Some.AttemptId(1), AttemptKind.Write, history.Now, history.Now.AddSeconds(10), Some.Target, new TargetMark("before"), ProbeAgainst: null, ProbeFirst: false));
    }

    [Fact]
    public void An_attempt_whose_outcome_is_about_to_be_told_is_not_given_up_however_long_ago_its_deadline_was()
    {
        var atHand = new HashSet<Guid>();
        var history = Captures_are_decided.Accepted(1, DecisionRules.Default with { HasOutcome = atHand.Contains });
        history.Begin(1);
        atHand.Add(Some.AttemptId(1));

        history.Wait(TimeSpan.FromHours(1)).Events.ShouldBeEmpty();
        history.At.ShouldBe<PointState.InFlight>();
        history.Finish(History.Delivered());
        history.Last!.End.ShouldBe(DeliveryEnd.Delivered);
    }

    [Fact]
    public void An_attempt_whose_outcome_is_lost_on_its_way_is_given_up_as_any_other()
    {
        var atHand = new HashSet<Guid> { Some.AttemptId(1) };
        var history = Captures_are_decided.Accepted(1, DecisionRules.Default with { HasOutcome = atHand.Contains });
        history.Begin(1);
        history.Wait(TimeSpan.FromHours(1));
        atHand.Clear();

        history.Wait(TimeSpan.Zero).Events.ShouldHaveSingleItem().ShouldBeOfType<IdentityEvent.AttemptFinished>().Outcome.ShouldBeOfType<DeliveryOutcome.Unknown>();
        history.At.ShouldBe<PointState.Waiting>().Doubt.Unresolved!.Count.ShouldBe(1);
    }

    [Fact]
    public void A_newer_change_waits_for_the_older_one_in_flight_and_follows_it()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);

        history.Arrive(Some.Change(2));

        history.State.DueOffers(history.Now).ShouldBeEmpty();
        history.Begin(2).Refusal.ShouldBe(DecisionRefusal.AttemptInFlight);
        history.Finish(History.Delivered());
        history.State.DueOffers(history.Now).Single().Change.ShouldBe(Some.Change(2));
    }

    [Fact]
    public void Of_several_newer_changes_behind_an_attempt_only_the_newest_follows()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);
        history.Arrive(Some.Change(2));
        history.Arrive(Some.Change(3));

        history.Finish(History.Transient);

        history.At.ShouldBe<PointState.Waiting>().Delivery.CaptureId.ShouldBe(Some.Capture(3));
        history.Journal.OfType<IdentityEvent.DeliveryEnded>().Single().CaptureId.ShouldBe(Some.Capture(2));
    }

    [Fact]
    public void A_change_that_a_newer_one_waits_behind_is_not_tried_again()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);
        history.Arrive(Some.Change(2));

        history.Finish(History.Transient).Events.Single().ShouldBeOfType<IdentityEvent.AttemptFinished>().Sequel.ShouldBe(new AttemptSequel.NextDue(DeliveryEnd.Superseded));
        history.Begin(1).Refusal.ShouldBe(DecisionRefusal.NotTheCurrentDelivery);
    }

    [Fact]
    public void An_attempt_of_a_dead_owner_is_left_alone_until_its_recorded_deadline_and_the_grace_have_passed()
    {
        var dead = Captures_are_decided.Accepted(1);
        dead.Begin(1, new TargetMark("before"));
        dead.Arrive(Some.Change(2));
        var heir = dead.Journal.Aggregate(IdentityState.Initial, (state, happened) => state.Apply(happened));
        var deadline = dead.Now.AddSeconds(10) + dead.Rules.DeadlineGrace;

        heir.NextWakeUp(dead.Rules).ShouldBe(deadline);
        heir.DueOffers(deadline).ShouldBeEmpty();
        heir.Decide(new IdentityCommand.WakeUp(deadline.AddTicks(-1), 0), dead.Rules).Events.ShouldBeEmpty();
        heir.Decide(new IdentityCommand.WakeUp(deadline, 0), dead.Rules).Events.Single()
            .ShouldBeOfType<IdentityEvent.AttemptFinished>().Outcome.ShouldBeOfType<DeliveryOutcome.Unknown>();
    }

    [Fact]
    public void An_answer_that_comes_after_its_attempt_was_given_up_is_refused()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);
        history.Wait(TimeSpan.FromSeconds(12));

        history.Do(new IdentityCommand.FinishAttempt(history.Now, Some.Point, Some.AttemptId(1), History.Delivered(), 0)).Refusal.ShouldBe(DecisionRefusal.AttemptNotCurrent);
    }

    [Fact]
    public void After_an_unknown_outcome_the_same_change_is_probed_for_against_the_mark_before_the_first_attempt()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Attempt(1, History.Unknown, new TargetMark("first"));
        history.WaitUntilDue();
        history.Attempt(1, History.Unknown, new TargetMark("second"));
        history.WaitUntilDue();

        history.Begin(1, new TargetMark("third"));

        var attempt = history.At.ShouldBe<PointState.InFlight>().Attempt;
        attempt.ProbeFirst.ShouldBeTrue();
        attempt.ProbeAgainst.ShouldBe(new TargetMark("first"));
        history.At.Doubt.Unresolved!.Count.ShouldBe(2);
    }

    [Fact]
    public void A_probe_that_finds_the_only_attempt_in_doubt_resolves_it()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Attempt(1, History.Unknown);
        history.WaitUntilDue();

        history.Attempt(1, new DeliveryOutcome.AlreadyThere(null, null));

        history.Last!.End.ShouldBe(DeliveryEnd.Delivered);
        history.At.Doubt.ShouldBe(Doubt.None);
    }

    [Fact]
    public void A_probe_that_finds_one_of_two_attempts_in_doubt_leaves_the_other_in_doubt()
    {
        var history = Captures_are_decided.Accepted(1);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            history.Attempt(1, History.Unknown);
            history.WaitUntilDue();
        }

        history.Attempt(1, new DeliveryOutcome.AlreadyThere(null, null));
        history.Arrive(Some.Change(2));
        history.Attempt(2, History.Delivered());

        history.At.ShouldBe<PointState.Rechecking>();
    }

    [Fact]
    public void An_attempt_in_doubt_stays_in_doubt_when_a_probe_finds_what_a_later_attempt_wrote()
    {
        var history = new History { Scope = Some.Points(Some.Point, Some.OtherPoint) };
        history.Arrive(Some.Change(1));
        history.Attempt(1, History.Unknown);
        history.Wait(TimeSpan.FromMinutes(1));
        history.Attempt(1, History.Delivered());
        history.Do(new IdentityCommand.ResendChange(history.Now, Some.Point));
        history.Attempt(1, new DeliveryOutcome.AlreadyThere(null, null));

        history.Arrive(Some.Change(2));
        history.Attempt(2, History.Delivered());

        history.At.ShouldBe<PointState.Rechecking>();
    }

    [Fact]
    public void A_refusal_by_policy_parks_at_once()
    {
        var history = Captures_are_decided.Accepted(1);

        history.Attempt(1, new DeliveryOutcome.RefusedByPolicy("too short"));

        history.At.ShouldBe<PointState.Parked>().ShouldSatisfyAllConditions(
            parked => parked.Reason.ShouldBe(ParkReason.RefusedByPolicy), parked => parked.Explanation.ShouldBe("too short"));
    }

    [Fact]
    public void Exhausted_retries_park_and_keep_the_secret_until_the_maximum_age()
    {
        var history = WithAttemptsMax(3);
        for (var attempt = 0; attempt < 3; attempt++)
        {
            history.Attempt(1, History.Transient);
            if (attempt < 2) history.WaitUntilDue();
        }

        history.At.ShouldBe<PointState.Parked>().ShouldSatisfyAllConditions(
            parked => parked.Reason.ShouldBe(ParkReason.AttemptsExhausted), parked => parked.Delivery.FailedAttempts.ShouldBe(3));
        history.State.NeedsSecret(Some.Capture(1)).ShouldBeTrue();
        history.State.NextWakeUp(history.Rules).ShouldBe(Some.Change(1).ExpiresAt);

        history.WaitUntilDue();

        history.Last!.End.ShouldBe(DeliveryEnd.Expired);
        history.State.NeedsSecret(Some.Capture(1)).ShouldBeFalse();
    }

    [Fact]
    public void Throttling_and_misconfiguration_do_not_count_even_at_the_limit()
    {
        var history = WithAttemptsMax(1);

        history.Attempt(1, new DeliveryOutcome.Throttled(history.Now.AddMinutes(5), "slow down"));
        history.At.ShouldBe<PointState.Waiting>().DueAt.ShouldBe(history.Now.AddMinutes(5));
        history.WaitUntilDue();
        history.Attempt(1, new DeliveryOutcome.TargetMisconfigured("certificate"));
        history.At.ShouldBe<PointState.Waiting>().ShouldSatisfyAllConditions(
            waiting => waiting.DueAt.ShouldBe(history.Now + RetryPolicy.Default.DelayMax), waiting => waiting.LastFailure.ShouldBe("certificate"));
        history.WaitUntilDue();

        history.Attempt(1, History.Transient);
        history.At.ShouldBe<PointState.Parked>();
    }

    [Fact]
    public void A_target_that_throttles_into_the_past_is_asked_after_the_initial_delay_at_the_earliest()
    {
        var history = Captures_are_decided.Accepted(1);

        history.Attempt(1, new DeliveryOutcome.Throttled(history.Now.AddDays(-1), "slow down"));

        history.At.ShouldBe<PointState.Waiting>().DueAt.ShouldBe(history.Now + RetryPolicy.Default.InitialDelay);
    }

    [Fact]
    public void A_delivery_that_is_not_made_in_time_expires_and_may_not_begin_any_more()
    {
        var history = Captures_are_decided.Accepted(1);
        var late = Some.Change(1).ExpiresAt;

        history.State.Decide(new IdentityCommand.BeginAttempt(late, Some.Point, Some.Capture(1), Some.AttemptId(1), late.AddSeconds(10), Some.Target, null), history.Rules)
            .Refusal.ShouldBe(DecisionRefusal.Expired);
        history.Wait(late - history.Now);

        history.Last!.End.ShouldBe(DeliveryEnd.Expired);
    }

    [Fact]
    public void An_obstacle_counts_and_is_told_only_while_the_delivery_is_due()
    {
        var history = Captures_are_decided.Accepted(1);
        var obstacle = new IdentityCommand.ReportObstacle(history.Now, Some.Point, Some.Capture(1), new DeliveryOutcome.AccountNotFound("nobody"), 0);

        history.Do(obstacle);
        history.Do(obstacle).Refusal.ShouldBe(DecisionRefusal.NotDueYet);

        history.At.ShouldBe<PointState.Waiting>().ShouldSatisfyAllConditions(
            waiting => waiting.Delivery.FailedAttempts.ShouldBe(1), waiting => waiting.LastFailure.ShouldBe("nobody"));
    }

    [Fact]
    public void A_success_is_no_obstacle()
    {
        var history = Captures_are_decided.Accepted(1);

        Should.Throw<ArgumentException>(() => history.Do(new IdentityCommand.ReportObstacle(history.Now, Some.Point, Some.Capture(1), History.Delivered(), 0)));
    }

    [Fact]
    public void Jitter_shortens_the_delay_before_the_next_attempt()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);

        history.Do(new IdentityCommand.FinishAttempt(history.Now, Some.Point, Some.AttemptId(1), History.Transient, Jitter: 1));

        history.At.ShouldBe<PointState.Waiting>().DueAt.ShouldBe(history.Now + RetryPolicy.Default.DelayAfter(1, 1));
    }

    [Fact]
    public void An_unknown_command_is_a_bug_and_throws()
    {
        Should.Throw<InvalidOperationException>(() => IdentityState.Initial.Decide(new StrangeCommand(), DecisionRules.Default));
        Should.Throw<InvalidOperationException>(() => IdentityState.Initial.Apply(new StrangeEvent()));
    }

    private sealed record StrangeCommand() : IdentityCommand(Some.Noon);

    private sealed record StrangeEvent() : IdentityEvent(Some.Noon);

    private static History WithAttemptsMax(int attemptsMax)
    {
        var policies = ImmutableDictionary<SyncPointId, RetryPolicy>.Empty.Add(Some.Point, RetryPolicy.Default with { AttemptsMax = attemptsMax });
        var history = new History { Rules = DecisionRules.Default with { RetryPolicies = policies } };
        history.Arrive(Some.Change(1));
        return history;
    }
}
