using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Decisions;

/// <summary>Which capture becomes the newest change of an identity.</summary>
public sealed class Captures_are_decided
{
    [Fact]
    public void A_first_capture_is_accepted_and_queued_at_every_point_of_the_scope()
    {
        var history = new History { Scope = Some.Points(Some.Point, Some.OtherPoint) };

        history.Arrive(Some.Change(1));

        history.State.Newest.ShouldBe(Some.Change(1));
        history.State.DueOffers(history.Now).ShouldBe([new Offer(Some.OtherPoint, Some.Change(1)), new Offer(Some.Point, Some.Change(1))]);
    }

    [Fact]
    public void A_change_for_two_points_is_five_events_from_its_acceptance_to_both_targets_and_six_if_it_is_the_first()
    {
        var history = new History { Scope = Some.Points(Some.Point, Some.OtherPoint) };

        foreach (var number in (int[])[1, 2, 3])
        {
            var before = history.Journal.Count;
            history.Arrive(Some.Change(number));
            foreach (var point in history.Scope) history.Deliver(number, point);

            history.Journal.Skip(before).Select(happened => happened.GetType()).ShouldBe(
            [
                .. number == 1 ? [typeof(IdentityEvent.AccountScoped)] : Type.EmptyTypes,
                typeof(IdentityEvent.CaptureAccepted),
                typeof(IdentityEvent.AttemptStarted), typeof(IdentityEvent.AttemptFinished), typeof(IdentityEvent.AttemptStarted), typeof(IdentityEvent.AttemptFinished),
            ]);
        }

        history.Journal.OfType<IdentityEvent.CaptureAccepted>().ShouldAllBe(accepted => accepted.Queued.SetEquals(history.Scope));
        history.Journal.OfType<IdentityEvent.AccountScoped>().Single().Joined.SetEquals(history.Scope).ShouldBeTrue();
        history.State.Points.Values.ShouldAllBe(point => ((PointState.Idle)point).Last!.CaptureId == Some.Capture(3) && ((PointState.Idle)point).Last!.End == DeliveryEnd.Delivered);
    }

    [Fact]
    public void What_a_newer_change_replaces_ends_before_it_is_accepted()
    {
        var history = Accepted(1);
        IdentityEvent[] expected =
        [
            new IdentityEvent.DeliveryEnded(history.Now, Some.Point, Some.Capture(1), DeliveryEnd.Superseded, $"Change {Some.Capture(2)} is newer."),
            new IdentityEvent.CaptureAccepted(history.Now, Some.Change(2)) { Queued = Some.Points(Some.Point) },
        ];

        history.Arrive(Some.Change(2)).Events.ShouldBe(expected);
    }

    [Fact]
    public void A_change_that_replaces_another_without_its_end_does_not_fit()
    {
        var waiting = Accepted(1).State;

        Should.Throw<InvalidOperationException>(() => waiting.Apply(new IdentityEvent.CaptureAccepted(Some.Noon, Some.Change(2)) { Queued = Some.Points(Some.Point) }))
            .Message.ShouldBe("Internal error: the event CaptureAccepted does not fit the state Waiting.");
    }

    [Fact]
    public void A_duplicate_capture_id_is_ignored_and_leaves_the_delivery_and_its_secret_alone()
    {
        var history = Accepted(1);

        Reason(history.Arrive(Some.Change(1))).ShouldBe(IgnoreReason.Duplicate);

        history.At.ShouldBe<PointState.Waiting>();
        history.State.NeedsSecret(Some.Capture(1)).ShouldBeTrue();
    }

    [Fact]
    public void A_duplicate_is_told_also_when_it_was_only_reported_or_ignored_before()
    {
        var history = Accepted(2);
        history.Do(new IdentityCommand.NoteReport(history.Now, Some.Capture(3), Some.Account(Some.Alpha), CaptureVerdict.Overtaken, history.Now));
        history.Arrive(Some.Change(1));

        Reason(history.Arrive(Some.Change(3))).ShouldBe(IgnoreReason.Duplicate);
        Reason(history.Arrive(Some.Change(1))).ShouldBe(IgnoreReason.Duplicate);
    }

    [Fact]
    public void A_repeat_from_long_ago_is_known_by_its_stamp()
    {
        var history = new History();
        for (var number = 1; number <= IdentityState.RecentCapturesMax + 2; number++) history.Arrive(Some.Change(number));

        history.State.RecentCaptures.Count.ShouldBe(IdentityState.RecentCapturesMax);
        history.State.RecentCaptures.ShouldNotContain(Some.Capture(1));
        Reason(history.Arrive(Some.Change(1))).ShouldBe(IgnoreReason.Older);
    }

    [Fact]
    public void Another_capture_with_the_same_stamp_is_ignored()
    {
        var history = Accepted(1);

        Reason(history.Arrive(Some.Change(2, stamp: Some.Stamp(1)))).ShouldBe(IgnoreReason.SameStamp);
        history.State.Newest.ShouldBe(Some.Change(1));
    }

    [Fact]
    public void An_older_stamp_after_a_newer_one_is_ignored()
    {
        var history = Accepted(2);

        Reason(history.Arrive(Some.Change(1))).ShouldBe(IgnoreReason.Older);
        history.State.Newest.ShouldBe(Some.Change(2));
    }

    [Fact]
    public void A_newer_change_supersedes_what_waits_or_is_parked()
    {
        var waiting = Accepted(1);
        var parked = Accepted(1);
        parked.Attempt(1, new DeliveryOutcome.RefusedByPolicy("too short"));

        foreach (var history in (History[])[waiting, parked])
        {
            history.Arrive(Some.Change(2)).Events.OfType<IdentityEvent.DeliveryEnded>().Single()
                .ShouldSatisfyAllConditions(e => e.CaptureId.ShouldBe(Some.Capture(1)), e => e.End.ShouldBe(DeliveryEnd.Superseded));
            history.At.ShouldBe<PointState.Waiting>().Delivery.CaptureId.ShouldBe(Some.Capture(2));
            history.State.NeedsSecret(Some.Capture(1)).ShouldBeFalse();
        }
    }

    [Fact]
    public void A_new_source_generation_wins_over_every_version_of_the_old_one()
    {
        var history = Accepted(1000);

        history.Arrive(Some.Change(1, stamp: Some.Stamp(1, generation: 1)));

        history.State.Newest!.Stamp.Generation.ShouldBe(1);
        history.At.ShouldBe<PointState.Waiting>().Delivery.CaptureId.ShouldBe(Some.Capture(1));
        Reason(history.Arrive(Some.Change(1001))).ShouldBe(IgnoreReason.Older);
    }

    [Fact]
    public void A_capture_older_than_the_maximum_age_is_not_sent_and_supersedes_what_is_older_still()
    {
        var history = Accepted(1);
        history.Begin(1);

        Reason(history.Arrive(Some.Change(2) with { ExpiresAt = history.Now })).ShouldBe(IgnoreReason.TooOld);

        history.At.ShouldBe<PointState.InFlight>().AfterFlight.ShouldBe(AfterFlight.Supersede);
        history.Finish(History.Transient);
        history.Last!.End.ShouldBe(DeliveryEnd.Superseded);
    }

    [Fact]
    public void A_capture_out_of_every_scope_withdraws_all_points()
    {
        var history = Accepted(1);
        history.Scope = Some.Points();

        Reason(history.Arrive(Some.Change(2))).ShouldBe(IgnoreReason.OutOfScope);

        history.State.Points.ShouldBeEmpty();
        history.State.NeededSecrets.ShouldBeEmpty();
    }

    [Fact]
    public void Of_two_sources_the_later_originating_second_wins_and_stamps_are_not_compared()
    {
        var history = Accepted(5);

        Reason(history.Arrive(Some.Change(6, Some.Beta, Some.Stamp(1000) with { OriginatingSecond = Some.Stamp(4).OriginatingSecond })))
            .ShouldBe(IgnoreReason.OlderThanOtherSource);
        history.Arrive(Some.Change(7, Some.Beta, Some.Stamp(1001) with { OriginatingSecond = Some.Stamp(6).OriginatingSecond }));

        history.State.Newest!.Account.Source.ShouldBe(Some.Beta);
        history.State.LatestStamps.Keys.ShouldBe([Some.Alpha, Some.Beta]);
    }

    [Theory]
    [InlineData("", "alpha")]
    [InlineData("beta", "beta")]
    [InlineData("alpha", "alpha")]
    [InlineData("beta alpha", "beta")]
    public void Of_two_sources_in_one_second_the_configured_precedence_wins_then_the_name_whichever_comes_first(string precedence, string winner)
    {
        var rules = DecisionRules.Default with { SourcePrecedence = [.. precedence.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => new Core.Identities.SourceId(name))] };
        var fromAlpha = Some.Change(1, Some.Alpha, Some.Stamp(5));
        var fromBeta = Some.Change(2, Some.Beta, Some.Stamp(5));
        var alphaFirst = new History { Rules = rules };
        var betaFirst = new History { Rules = rules };

        alphaFirst.Arrive(fromAlpha);
        alphaFirst.Arrive(fromBeta);
        betaFirst.Arrive(fromBeta);
        betaFirst.Arrive(fromAlpha);

        alphaFirst.State.Newest!.Account.Source.Value.ShouldBe(winner);
        betaFirst.State.Newest!.Account.Source.Value.ShouldBe(winner);
    }

    [Fact]
    public void A_report_is_noted_once_and_sends_nothing()
    {
        var history = new History();
        var report = new IdentityCommand.NoteReport(history.Now, Some.Capture(1), Some.Account(Some.Alpha), CaptureVerdict.Unconfirmed, history.Now);

        history.Do(report).Events.Single().ShouldBeOfType<IdentityEvent.CaptureReported>().Verdict.ShouldBe(CaptureVerdict.Unconfirmed);
        history.Do(report).ShouldBe(Decision.Nothing);
        history.State.Points.ShouldBeEmpty();
    }

    internal static History Accepted(int number, DecisionRules? rules = null)
    {
        var history = new History { Rules = rules ?? DecisionRules.Default };
        history.Arrive(Some.Change(number));
        return history;
    }

    internal static IgnoreReason Reason(Decision decision) => decision.Events.OfType<IdentityEvent.CaptureIgnored>().Single().Reason;
}
