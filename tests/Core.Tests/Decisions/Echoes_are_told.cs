using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Decisions;

/// <summary>What this product itself wrote to an account comes back as a capture and must end there.</summary>
public sealed class Echoes_are_told
{
    private static readonly OwnWrites WroteTwo = new(null, Some.Stamp(2));

    [Fact]
    public void A_capture_with_the_stamp_that_our_write_caused_is_an_echo()
    {
        var history = new History();

        Captures_are_decided.Reason(history.Arrive(Some.Change(2), WroteTwo)).ShouldBe(IgnoreReason.Echo);

        history.State.Newest.ShouldBeNull();
        history.State.Points.ShouldBeEmpty();
    }

    [Fact]
    public void While_the_intent_is_open_a_capture_waits_and_nothing_is_journalled()
    {
        var history = new History();
        var open = new OwnWrites(history.Now.AddMinutes(10), null);

        var decision = history.Arrive(Some.Change(2), open);

        decision.Events.ShouldBeEmpty();
        decision.AskAgainAt.ShouldBe(open.IntentOpenUntil);
        Captures_are_decided.Reason(history.Arrive(Some.Change(2), WroteTwo)).ShouldBe(IgnoreReason.Echo);
    }

    [Fact]
    public void A_capture_waits_no_longer_than_the_intent()
    {
        var history = new History();

        history.Arrive(Some.Change(2), new OwnWrites(history.Now, null)).AskAgainAt.ShouldBeNull();
        history.State.Newest.ShouldBe(Some.Change(2));
    }

    [Fact]
    public void A_repeat_does_not_wait_for_an_intent()
    {
        var history = Captures_are_decided.Accepted(1);

        Captures_are_decided.Reason(history.Arrive(Some.Change(1), new OwnWrites(history.Now.AddMinutes(10), null))).ShouldBe(IgnoreReason.Duplicate);
    }

    [Fact]
    public void An_echo_supersedes_what_waits_is_parked_or_would_be_retried()
    {
        var waiting = Captures_are_decided.Accepted(1);
        var parked = Captures_are_decided.Accepted(1);
        parked.Attempt(1, new DeliveryOutcome.RefusedByPolicy("too short"));
        var inFlight = Captures_are_decided.Accepted(1);
        inFlight.Begin(1);

        foreach (var history in (History[])[waiting, parked, inFlight]) history.Arrive(Some.Change(2), WroteTwo);
        inFlight.Finish(History.Transient);

        foreach (var history in (History[])[waiting, parked, inFlight])
        {
            history.Last!.End.ShouldBe(DeliveryEnd.Superseded);
            history.State.NeededSecrets.ShouldBeEmpty();
        }
    }

    [Fact]
    public void An_echo_ends_the_recheck_of_an_older_change_which_would_write_over_the_newer_password()
    {
        var history = Rechecking();

        history.Arrive(Some.Change(3), new OwnWrites(null, Some.Stamp(3)));

        history.Last!.End.ShouldBe(DeliveryEnd.Delivered);
        history.State.DueOffers(history.Now.AddDays(1)).ShouldBeEmpty();
    }

    [Fact]
    public void A_capture_that_our_write_went_over_is_older_and_takes_with_it_what_is_older_still()
    {
        var history = Captures_are_decided.Accepted(1);

        Captures_are_decided.Reason(history.Arrive(Some.Change(2), new OwnWrites(null, Some.Stamp(3)))).ShouldBe(IgnoreReason.Older);

        history.Last!.End.ShouldBe(DeliveryEnd.Superseded);
    }

    [Fact]
    public void An_echo_that_comes_after_a_newer_change_of_the_person_leaves_that_alone()
    {
        var history = Captures_are_decided.Accepted(3);

        Captures_are_decided.Reason(history.Arrive(Some.Change(2), WroteTwo)).ShouldBe(IgnoreReason.Older);

        history.At.ShouldBe<PointState.Waiting>().Delivery.CaptureId.ShouldBe(Some.Capture(3));
    }

    [Fact]
    public void A_change_after_our_write_is_a_change()
    {
        var history = new History();

        history.Arrive(Some.Change(3), WroteTwo);

        history.State.Newest.ShouldBe(Some.Change(3));
    }

    [Fact]
    public void After_an_echo_the_older_change_is_not_sent_to_points_that_come_later_nor_sent_again()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);
        history.Arrive(Some.Change(2), WroteTwo);
        history.State.NeedsSecret(Some.Capture(1)).ShouldBeTrue();

        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points(Some.Point, Some.OtherPoint)));
        history.State.Points[Some.OtherPoint].ShouldBe<PointState.Idle>();
        history.Do(new IdentityCommand.ResendChange(history.Now, Some.OtherPoint)).Refusal.ShouldBe(DecisionRefusal.NotTheCurrentDelivery);
    }

    [Fact]
    public void After_an_echo_a_point_that_leaves_and_comes_back_in_flight_does_not_retry_the_older_change()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);
        history.Arrive(Some.Change(2), WroteTwo);
        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points()));
        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), Some.Points(Some.Point)));

        history.Finish(History.Transient);

        history.Last!.End.ShouldBe(DeliveryEnd.Superseded);
    }

    [Fact]
    public void An_echo_at_one_account_of_the_identity_leaves_changes_of_the_other_alone()
    {
        var history = Captures_are_decided.Accepted(1);
        history.Begin(1);
        history.Arrive(Some.Change(2, Some.Beta));

        history.Arrive(Some.Change(3), new OwnWrites(null, Some.Stamp(3)));

        var flight = history.At.ShouldBe<PointState.InFlight>();
        flight.AfterFlight.ShouldBe(AfterFlight.Supersede);
        flight.Next!.CaptureId.ShouldBe(Some.Capture(2));
    }

    /// <summary>Change 1 had an unknown outcome, change 2 was delivered and is to be checked again.</summary>
    internal static History Rechecking(string mark = "two")
    {
        var history = Captures_are_decided.Accepted(1);
        history.Attempt(1, History.Unknown);
        history.Arrive(Some.Change(2));
        history.Attempt(2, History.Delivered(mark));
        history.At.ShouldBe<PointState.Rechecking>();
        return history;
    }
}
