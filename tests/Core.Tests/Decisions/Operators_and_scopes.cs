using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Decisions;

/// <summary>What operators and changes of the configuration do to deliveries.</summary>
public sealed class Operators_and_scopes
{
    [Fact]
    public void An_operator_retries_what_is_parked_at_once_and_with_a_new_count()
    {
        var history = Parked();
        history.Wait(TimeSpan.FromHours(1));

        history.Do(new IdentityCommand.RetryDelivery(history.Now, Some.Point));

        history.At.ShouldBe<PointState.Waiting>().ShouldSatisfyAllConditions(w => w.DueAt.ShouldBe(history.Now), w => w.Delivery.FailedAttempts.ShouldBe(0));
        history.Attempt(1, History.Delivered());
        history.Last!.End.ShouldBe(DeliveryEnd.Delivered);
    }

    [Fact]
    public void An_operator_retries_what_waits_without_forgetting_what_is_in_doubt()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Attempt(1, History.Unknown);

        history.Do(new IdentityCommand.RetryDelivery(history.Now, Some.Point));
        history.Begin(1);

        history.At.ShouldBe<PointState.InFlight>().Attempt.ProbeFirst.ShouldBeTrue();
    }

    [Fact]
    public void What_waits_for_another_reason_is_not_hurried_when_a_point_is_mended()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Attempt(1, History.Transient);
        history.At.ShouldBe<PointState.Waiting>().DueAt.ShouldBeGreaterThan(history.Now);

        history.Do(new IdentityCommand.MendPoint(history.Now, Some.Point)).Refusal.ShouldBe(DecisionRefusal.NothingToDo);
    }

    [Fact]
    public void What_is_due_already_is_not_queued_again_when_a_point_is_mended()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Attempt(1, new DeliveryOutcome.TargetMisconfigured("certificate"));
        history.Wait(RetryPolicy.Default.DelayMax);

        history.Do(new IdentityCommand.MendPoint(history.Now, Some.Point)).Refusal.ShouldBe(DecisionRefusal.NothingToDo);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    [InlineData(1, false)]
    public void A_point_that_comes_gets_the_newest_change_only_until_it_is_too_old(int secondsAfter, bool isQueued)
    {
        var history = Parked();
        var at = Some.Change(1).ExpiresAt.AddSeconds(secondsAfter);

        history.Do(new IdentityCommand.AssignPoints(at, Some.Account(Some.Alpha), Some.Points(Some.Point, Some.OtherPoint)));

        (history.State.Points[Some.OtherPoint] is PointState.Waiting).ShouldBe(isQueued);
    }

    [Fact]
    public void A_change_at_a_disabled_point_ends_there_at_once_and_the_point_stays_with_the_person()
    {
        var history = new History { Scope = Some.Points(Some.Point, Some.OtherPoint) };
        history.Do(new IdentityCommand.DecideCapture(history.Now, Some.Change(1), history.Scope, OwnWrites.None) { Disabled = Some.Points(Some.Point) });

        history.Last!.ShouldSatisfyAllConditions(last => last.CaptureId.ShouldBe(Some.Capture(1)), last => last.End.ShouldBe(DeliveryEnd.Disabled));
        history.At.IsMissed.ShouldBeTrue();
        history.State.Points[Some.OtherPoint].ShouldBeOfType<PointState.Waiting>("only this one is disabled");

        // Enabled while the other point still needs the sealed password.
        history.Do(new IdentityCommand.RetryDelivery(history.Now, Some.Point)).Refusal.ShouldBeNull();
        history.Attempt(1, History.Delivered());
        history.Last!.End.ShouldBe(DeliveryEnd.Delivered);
    }

    [Fact]
    public void A_change_of_somebody_who_has_only_disabled_points_is_the_newest_and_its_secret_is_not_needed()
    {
        var history = new History();
        history.Do(new IdentityCommand.DecideCapture(history.Now, Some.Change(1), history.Scope, OwnWrites.None) { Disabled = history.Scope });

        history.State.Newest!.CaptureId.ShouldBe(Some.Capture(1));
        history.State.NeededSecrets.ShouldBeEmpty();
        history.Do(new IdentityCommand.RetryDelivery(history.Now, Some.Point)).Refusal.ShouldBe(DecisionRefusal.SecretGone);
    }

    [Fact]
    public void A_change_that_comes_while_a_disabled_point_has_an_attempt_in_flight_waits_behind_it()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);
        history.Do(new IdentityCommand.DecideCapture(history.Now, Some.Change(2), history.Scope, OwnWrites.None) { Disabled = history.Scope });

        history.At.ShouldBe<PointState.InFlight>().Next!.CaptureId.ShouldBe(Some.Capture(2));
        history.Finish(History.Transient);
        history.At.ShouldBe<PointState.Waiting>().Delivery.CaptureId.ShouldBe(Some.Capture(2));
    }

    [Fact]
    public void An_operator_discards_what_is_parked_and_its_secret_is_no_longer_needed()
    {
        var history = Parked();

        history.Do(new IdentityCommand.DiscardDelivery(history.Now, Some.Point, "left the company"));

        history.Last!.ShouldSatisfyAllConditions(last => last.End.ShouldBe(DeliveryEnd.Discarded), last => last.Reason.ShouldBe("left the company"));
        history.State.NeededSecrets.ShouldBeEmpty();
    }

    [Fact]
    public void An_older_change_in_flight_is_not_retried_after_the_newer_one_behind_it_was_discarded()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);
        history.Arrive(Some.Change(2));
        history.Do(new IdentityCommand.DiscardDelivery(history.Now, Some.Point, "no need"));

        history.Finish(History.Transient);

        history.Last!.ShouldSatisfyAllConditions(last => last.CaptureId.ShouldBe(Some.Capture(1)), last => last.End.ShouldBe(DeliveryEnd.Superseded));
    }

    [Fact]
    public void An_operator_resends_the_newest_change_while_its_secret_is_held_elsewhere()
    {
        var history = new History { Scope = Some.Points(Some.Point, Some.OtherPoint) };
        history.Arrive(Some.Change(1));
        history.Attempt(1, History.Delivered());

        history.Do(new IdentityCommand.ResendChange(history.Now, Some.Point)).Refusal.ShouldBeNull();

        history.State.DueOffers(history.Now).Count().ShouldBe(2);
    }

    [Fact]
    public void A_resend_is_refused_when_the_secret_is_gone_or_no_change_came_yet()
    {
        var delivered = Captures_are_decided.Accepted(1);
        delivered.Attempt(1, History.Delivered());
        var empty = new History();
        empty.Do(new IdentityCommand.AssignPoints(empty.Now, Some.Account(Some.Alpha), empty.Scope));

        delivered.Do(new IdentityCommand.ResendChange(delivered.Now, Some.Point)).Refusal.ShouldBe(DecisionRefusal.SecretGone);
        empty.Do(new IdentityCommand.ResendChange(empty.Now, Some.Point)).Refusal.ShouldBe(DecisionRefusal.NoChangeYet);
    }

    [Fact]
    public void A_resend_during_a_recheck_writes_again_and_is_checked_again()
    {
        var history = Echoes_are_told.Rechecking();

        history.Do(new IdentityCommand.ResendChange(history.Now, Some.Point));
        history.Attempt(2, History.Delivered());

        history.At.ShouldBe<PointState.Rechecking>();
    }

    [Fact]
    public void A_point_that_comes_gets_the_newest_change_while_its_secret_is_held()
    {
        var held = Captures_are_decided.Accepted(1);
        var gone = Captures_are_decided.Accepted(1);
        gone.Attempt(1, History.Delivered());

        foreach (var history in (History[])[held, gone]) history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points(Some.Point, Some.OtherPoint)));

        held.State.Points[Some.OtherPoint].ShouldBe<PointState.Waiting>().Delivery.CaptureId.ShouldBe(Some.Capture(1));
        gone.State.Points[Some.OtherPoint].ShouldBe<PointState.Idle>().Last.ShouldBeNull();
    }

    [Fact]
    public void A_point_that_takes_the_place_of_another_inherits_what_waited_there()
    {
        var history = Captures_are_decided.Accepted(1);

        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points(Some.OtherPoint)));

        history.State.Points.Keys.ShouldBe([Some.OtherPoint]);
        history.State.NeedsSecret(Some.Capture(1)).ShouldBeTrue();
    }

    [Fact]
    public void A_point_that_leaves_ends_what_waits_and_keeps_what_is_in_flight_until_its_outcome()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);
        history.Arrive(Some.Change(2));

        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points())).Events.OfType<IdentityEvent.DeliveryEnded>().Single().End.ShouldBe(DeliveryEnd.Withdrawn);
        history.State.Points.Keys.ShouldBe([Some.Point]);
        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points())).ShouldSatisfyAllConditions(again => again.Events.ShouldBeEmpty());
        history.Finish(History.Delivered());

        history.State.Points.ShouldBeEmpty();
    }

    [Fact]
    public void A_point_that_leaves_and_comes_back_in_flight_goes_on_with_the_newest_change()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);
        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points()));

        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points(Some.Point))).Events.Single().ShouldBeOfType<IdentityEvent.AccountScoped>().Joined.Single().ShouldBe(Some.Point);
        history.Finish(History.Transient);

        history.At.ShouldBe<PointState.Waiting>().Delivery.ShouldBe(Some.Delivery(1, failedAttempts: 1));
    }

    [Fact]
    public void A_point_that_leaves_and_comes_back_with_a_newer_change_drops_the_one_in_flight()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);
        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points()));

        history.Arrive(Some.Change(2));
        history.Finish(History.Transient);

        history.At.ShouldBe<PointState.Waiting>().Delivery.CaptureId.ShouldBe(Some.Capture(2));
    }

    [Fact]
    public void A_point_that_left_in_doubt_and_comes_back_is_checked_again_after_the_newer_change()
    {
        var waiting = Captures_are_decided.Accepted(1);
        waiting.Attempt(1, History.Unknown);
        var inFlight = Captures_are_decided.Accepted(1);
        inFlight.Begin(1);
        foreach (var history in (History[])[waiting, inFlight]) history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points()));
        inFlight.Finish(History.Unknown);

        foreach (var history in (History[])[waiting, inFlight])
        {
            history.State.Points.ShouldBeEmpty();
            history.State.LeftInDoubt.Keys.ShouldBe([Some.Point]);
            history.Arrive(Some.Change(2));
            history.State.LeftInDoubt.ShouldBeEmpty();
            history.Attempt(2, History.Delivered());
            history.At.ShouldBe<PointState.Rechecking>();
        }
    }

    [Fact]
    public void A_point_that_left_in_doubt_and_comes_back_for_the_same_change_is_probed_first()
    {
        var history = new History { Scope = Some.Points(Some.Point, Some.OtherPoint) };
        history.Arrive(Some.Change(1));
        history.Attempt(1, History.Unknown, new TargetMark("before"));
        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points(Some.OtherPoint)));
        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points(Some.Point, Some.OtherPoint)));

        history.Begin(1);

        history.At.ShouldBe<PointState.InFlight>().Attempt.ProbeAgainst.ShouldBe(new TargetMark("before"));
    }

    [Fact]
    public void An_empty_password_is_never_sent_and_ends_all_its_deliveries()
    {
        var history = new History { Scope = Some.Points(Some.Point, Some.OtherPoint) };
        history.Arrive(Some.Change(1));
        history.Begin(1);

        history.Do(new IdentityCommand.RejectSecret(history.Now, Some.Capture(1), "The password is empty."));

        history.State.Points[Some.OtherPoint].ShouldBe<PointState.Idle>().Last!.End.ShouldBe(DeliveryEnd.SecretUnusable);
        history.Finish(History.Transient);
        history.Last!.End.ShouldBe(DeliveryEnd.SecretUnusable);
        history.Do(new IdentityCommand.RejectSecret(history.Now, Some.Capture(1), "The password is empty.")).Events.ShouldBeEmpty();
    }

    [Fact]
    public void An_older_change_in_flight_is_not_retried_after_the_newer_one_behind_it_turned_out_empty()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);
        history.Arrive(Some.Change(2));
        history.Do(new IdentityCommand.RejectSecret(history.Now, Some.Capture(2), "The password is empty."));

        history.Finish(History.Transient);

        history.Last!.End.ShouldBe(DeliveryEnd.Superseded);
    }

    [Fact]
    public void Commands_for_a_point_outside_the_scope_are_refused()
    {
        var history = new History();
        IdentityCommand[] commands =
        [
            new IdentityCommand.RetryDelivery(history.Now, Some.Point), new IdentityCommand.DiscardDelivery(history.Now, Some.Point, ""),
            new IdentityCommand.ResendChange(history.Now, Some.Point),
        ];

        foreach (var command in commands) history.Do(command).Refusal.ShouldBe(DecisionRefusal.PointNotAssigned);
    }

    private static History Parked()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Attempt(1, new DeliveryOutcome.RefusedByPolicy("too short"));
        return history;
    }
}
