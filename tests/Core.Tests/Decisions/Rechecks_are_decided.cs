using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Decisions;

/// <summary>What becomes of a delivery after an attempt whose outcome nobody knows, when a newer change followed it.</summary>
public sealed class Rechecks_are_decided
{
    [Fact]
    public void An_unknown_outcome_followed_by_a_newer_change_is_checked_again_once_and_rewritten_at_most_once()
    {
        var history = Echoes_are_told.Rechecking("two");
        history.At.ShouldBe<PointState.Rechecking>().DueAt.ShouldBe(history.Now + history.Rules.RecheckDelay);
        history.Begin(2).Refusal.ShouldBe(DecisionRefusal.NotDueYet);
        history.WaitUntilDue();

        history.Begin(2);

        var attempt = history.At.ShouldBe<PointState.InFlight>().Attempt;
        attempt.ShouldSatisfyAllConditions(
            a => a.Kind.ShouldBe(AttemptKind.Recheck), a => a.ProbeFirst.ShouldBeTrue(), a => a.ProbeAgainst.ShouldBe(new TargetMark("two")));
        history.Finish(History.Delivered("three"));
        history.Last!.End.ShouldBe(DeliveryEnd.Delivered);
        history.State.NextWakeUp(history.Rules).ShouldBeNull();
    }

    [Fact]
    public void An_unknown_outcome_too_long_ago_needs_no_recheck()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Attempt(1, History.Unknown);
        history.Wait(history.Rules.LateLandingHorizon + TimeSpan.FromTicks(1));
        history.Arrive(Some.Change(2));

        history.Attempt(2, History.Delivered());

        history.Last!.End.ShouldBe(DeliveryEnd.Delivered);
    }

    [Fact]
    public void I2_a_newer_write_that_ended_in_time_and_is_told_of_late_is_checked_again()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Attempt(1, History.Unknown);
        history.Arrive(Some.Change(2));
        history.Begin(2);
        var late = history.Now + (history.Rules.LateLandingHorizon * 2);

        history.Do(new IdentityCommand.FinishAttempt(late, Some.Point, history.At.ShouldBe<PointState.InFlight>().Attempt.AttemptId, History.Delivered(), Jitter: 0));

        history.At.ShouldBe<PointState.Rechecking>().DueAt.ShouldBe(late + history.Rules.RecheckDelay);
    }

    [Fact]
    public void An_unknown_outcome_exactly_at_the_horizon_is_checked_again()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Attempt(1, History.Unknown);
        var unknownAt = history.Now;
        history.Wait(history.Rules.LateLandingHorizon);
        history.Arrive(Some.Change(2));

        history.Attempt(2, History.Delivered());

        (history.Now - unknownAt).ShouldBe(history.Rules.LateLandingHorizon, "else this is not the boundary");
        history.At.ShouldBeOfType<PointState.Rechecking>();
    }

    [Fact]
    public void Doubt_about_an_attempt_is_open_up_to_its_horizon_and_not_beyond()
    {
        var horizon = TimeSpan.FromMinutes(10);
        var doubts = new[] { new Doubt(null, Some.Noon), new Doubt(new UnresolvedAttempts(Some.Capture(1), Baseline: null, Count: 1, Some.Noon), LateRiskSince: null) };

        doubts.ShouldAllBe(doubt => doubt.IsOpenAt(Some.Noon + horizon, horizon));
        doubts.ShouldAllBe(doubt => !doubt.IsOpenAt(Some.Noon + horizon + TimeSpan.FromTicks(1), horizon));
        Doubt.None.IsOpenAt(Some.Noon, horizon).ShouldBeFalse();
    }

    [Fact]
    public void A_recheck_that_could_not_be_made_is_tried_again_against_the_same_mark()
    {
        var history = Echoes_are_told.Rechecking("two");
        history.WaitUntilDue();
        history.Attempt(2, History.Transient);
        history.WaitUntilDue();

        history.Begin(2);

        history.At.ShouldBe<PointState.InFlight>().Attempt.ProbeAgainst.ShouldBe(new TargetMark("two"));
    }

    [Fact]
    public void A_recheck_that_may_have_written_is_probed_for_and_written_again()
    {
        var history = Echoes_are_told.Rechecking("two");
        history.WaitUntilDue();
        history.Attempt(2, History.Unknown, new TargetMark("three, by the older one"));
        history.WaitUntilDue();

        history.Begin(2);

        var attempt = history.At.ShouldBe<PointState.InFlight>().Attempt;
        attempt.Kind.ShouldBe(AttemptKind.Write);
        attempt.ProbeFirst.ShouldBeTrue();
        attempt.ProbeAgainst.ShouldBe(new TargetMark("three, by the older one"));
    }

    [Fact]
    public void A_recheck_whose_rewrite_the_target_refuses_is_parked_because_the_target_has_an_older_password()
    {
        var history = Echoes_are_told.Rechecking();
        history.WaitUntilDue();

        history.Attempt(2, new DeliveryOutcome.RefusedByPolicy("in the history"));

        history.At.ShouldBe<PointState.Parked>().Reason.ShouldBe(ParkReason.RefusedByPolicy);
    }

    [Fact]
    public void A_newer_change_takes_the_place_of_a_recheck_and_is_checked_again_itself()
    {
        var history = Echoes_are_told.Rechecking();

        history.Arrive(Some.Change(3));
        history.Attempt(3, History.Delivered());

        history.At.ShouldBe<PointState.Rechecking>().Delivery.CaptureId.ShouldBe(Some.Capture(3));
    }

    [Fact]
    public void A_recheck_ends_as_delivered_when_its_secret_is_gone_or_too_old()
    {
        var gone = Echoes_are_told.Rechecking();
        var tooOld = Echoes_are_told.Rechecking();

        gone.Do(new IdentityCommand.RejectSecret(gone.Now, Some.Capture(2), "key destroyed"));
        tooOld.Wait(Some.MaximumAge);
        tooOld.Wait(TimeSpan.FromSeconds(2));

        gone.Last!.End.ShouldBe(DeliveryEnd.Delivered);
        tooOld.Last!.End.ShouldBe(DeliveryEnd.Delivered);
    }
}
