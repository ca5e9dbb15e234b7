using FsCheck.Fluent;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Simulation;

/// <summary>
/// Random histories of one identity against independent oracles: <see cref="DeliveryLedger"/> for I3, I6 and the life of secrets at every step,
/// <see cref="Obligations"/> for I2 at rest. A failing history is made shorter and printed with its seed.
/// </summary>
public sealed class Random_interleavings
{
    private const int StepsMax = 120;

    [Fact]
    public void I2_when_all_is_quiet_every_target_holds_the_password_that_the_domain_kept() => Check(Adversity.None, history =>
    {
        foreach (var target in history.Cluster.Targets.Values) target.Holds.ShouldBe(history.Domain.Kept.CaptureId);
    });

    [Fact]
    public void I2_holds_when_the_domain_is_restored_and_counts_from_lower_versions_in_a_new_generation() => Check(Adversity.Restores, history =>
    {
        foreach (var target in history.Cluster.Targets.Values) target.Holds.ShouldBe(history.Domain.Kept.CaptureId);
    });

    [Fact]
    public void I2_and_I6_hold_with_refusals_by_policy_and_empty_passwords() => Check(Adversity.PolicyRefusals | Adversity.EmptyPasswords, Owed);

    [Fact]
    public void I2_and_I6_hold_while_points_come_and_go() => Check(Adversity.ScopeChanges | Adversity.EmptyPasswords, Owed);

    [Fact]
    public void I2_and_I6_hold_while_operators_retry_discard_and_resend() => Check(Adversity.Operators | Adversity.PolicyRefusals, Owed);

    [Fact]
    public void I2_and_I6_hold_whatever_comes_together() => Check(
        Adversity.PolicyRefusals | Adversity.EmptyPasswords | Adversity.ScopeChanges | Adversity.Operators | Adversity.ShortMaximumAge | Adversity.FewAttempts | Adversity.Restores, Owed);

    /// <summary>A history that was found at random: an older password lands after the newer one was delivered, and the account cannot be found when the target is looked at again.</summary>
    [Fact]
    public void I2_a_recheck_that_can_never_be_made_is_parked_and_not_taken_for_delivered()
    {
        var history = new RandomHistory(
            Adversity.PolicyRefusals | Adversity.EmptyPasswords | Adversity.ScopeChanges | Adversity.Operators | Adversity.ShortMaximumAge | Adversity.FewAttempts);
        history.Play([855002, 413321, 65499, 345261, 544097, 705953, 586987, 677217, 493787, 438539]);
        history.ComeToRest();

        Owed(history);
        history.Cluster.State.Points.Values.OfType<PointState.Parked>().ShouldHaveSingleItem().Reason.ShouldBe(ParkReason.AttemptsExhausted);
    }

    [Fact]
    public void A_journal_folds_to_the_same_state_and_decisions_from_every_prefix()
    {
        var property = Prop.ForAll(RandomHistory.Any(StepsMax), steps =>
        {
            var history = new RandomHistory(Adversity.ScopeChanges | Adversity.Operators | Adversity.PolicyRefusals | Adversity.Restores);
            history.Play(steps);
            var journal = history.Cluster.Journal;
            var cut = steps.Sum() % (journal.Count + 1);

            var atCut = journal.Take(cut).Aggregate(IdentityState.Initial, (state, happened) => state.Apply(happened));
            atCut.Sequence.ShouldBe(cut);
            var replayed = journal.Skip(cut).Aggregate(atCut, (state, happened) => state.Apply(happened));
            StateText.Of(replayed).ShouldBe(StateText.Of(history.Cluster.State));
            StateText.DecisionsOn(replayed, history.Cluster).ShouldBe(StateText.DecisionsOn(history.Cluster.State, history.Cluster));
        });
        Properties.Check(property, cases: 600, inLongSeries: 20_000);
    }

    [Fact]
    public void A_journal_of_before_with_an_event_for_each_point_folds_to_the_same_state_and_decisions()
    {
        var property = Prop.ForAll(RandomHistory.Any(StepsMax), steps =>
        {
            var history = new RandomHistory(Adversity.ScopeChanges | Adversity.Operators | Adversity.PolicyRefusals | Adversity.Restores);
            history.Play(steps);
            var cluster = history.Cluster;
            var former = cluster.Decisions.SelectMany(decision => FormerShape.Of(decision)).ToList();
            var told = cluster.Journal.SelectMany(happened => happened.PointByPoint()).ToList();

            former.ShouldBe(told, ignoreOrder: true);
            former.ShouldAllBe(happened => happened.PointByPoint().Count() == 1);
            var replayed = former.Aggregate(IdentityState.Initial, (state, happened) => state.Apply(happened));
            replayed.Sequence.ShouldBe(former.Count);
            replayed = replayed with { Sequence = cluster.State.Sequence };
            StateText.Of(replayed).ShouldBe(StateText.Of(cluster.State));
            StateText.DecisionsOn(replayed, cluster).ShouldBe(StateText.DecisionsOn(cluster.State, cluster));
            StateText.Of(told.Aggregate(IdentityState.Initial, (state, happened) => state.Apply(happened)) with { Sequence = cluster.State.Sequence }).ShouldBe(StateText.Of(cluster.State));
        });
        Properties.Check(property, cases: 600, inLongSeries: 20_000);
    }

    // What is owed is there, or parked with a reason that is true, or expired; and what is open is parked, nothing else.
    private static void Owed(RandomHistory history)
    {
        var cluster = history.Cluster;
        foreach (var (point, change) in cluster.Obligations.Owed)
        {
            switch (cluster.State.Points[point])
            {
                case PointState.Parked parked:
                    parked.Delivery.Change.ShouldBe(change);
                    if (parked.Reason == ParkReason.RefusedByPolicy) cluster.Refused.ShouldContain((point, change.CaptureId));
                    break;
                case PointState.Idle { Last: { End: DeliveryEnd.Expired } last }:
                    last.CaptureId.ShouldBe(change.CaptureId);
                    cluster.Now.ShouldBeGreaterThanOrEqualTo(change.ExpiresAt);
                    break;
                case PointState.Idle { Last: { End: DeliveryEnd.Delivered } last } when change.ExpiresAt <= cluster.Now:
                    // Delivered, but too old to be checked again when that was due.
                    last.CaptureId.ShouldBe(change.CaptureId);
                    break;
                default:
                    cluster.Targets[point].Holds.ShouldBe(change.CaptureId, $"{point} is {cluster.State.Points[point]}");
                    break;
            }
        }

        var parkedDeliveries = from entry in cluster.State.Points where entry.Value is PointState.Parked select (entry.Key, entry.Value.Unsent!.CaptureId);
        cluster.Ledger.Open.ShouldBe(parkedDeliveries, ignoreOrder: true);
    }

    private static void Check(Adversity adversity, Action<RandomHistory> atRest)
    {
        var property = Prop.ForAll(RandomHistory.Any(StepsMax), steps =>
        {
            var history = new RandomHistory(adversity);
            history.Play(steps);
            history.ComeToRest();
            if (history.Domain.Changes.Count > 0) atRest(history);
        });
        Properties.Check(property, cases: 3_000, inLongSeries: 100_000);
    }
}
