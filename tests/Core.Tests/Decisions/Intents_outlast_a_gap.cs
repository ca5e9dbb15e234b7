using PasswordSync.Core.Decisions;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Decisions;

/// <summary>Time in which a node had no lease does not use up the time for which captures wait for our own write.</summary>
public sealed class Intents_outlast_a_gap
{
    private static readonly DateTimeOffset Began = new(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Ended = Began.AddHours(2);
    private static readonly LeaseGap Gap = new(Began, Ended);
    private static readonly DateTimeOffset Anew = Ended + OwnWrites.IntentHold;
    private static readonly OwnWrites WroteTwo = new(null, Some.Stamp(2));

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(3_600, true)]
    [InlineData(7_200, true)]
    [InlineData(7_229, true)]
    [InlineData(7_230, false)]
    [InlineData(100_000, false)]
    public void I2_an_intent_that_runs_out_while_nothing_can_be_recorded_or_just_after_counts_anew(int secondsAfterItBegan, bool countsAnew)
    {
        var until = Began.AddSeconds(secondsAfterItBegan);

        new OwnWrites(until, Some.Stamp(1)).After(Gap).ShouldBe(new OwnWrites(countsAnew ? Anew : until, Some.Stamp(1)));
    }

    [Fact]
    public void I1_however_often_the_lease_is_lost_an_intent_counts_for_no_longer_than_a_day_and_its_hold()
    {
        var gap = LeaseGap.AtStart(Ended);
        for (var again = Ended; again < Ended.AddDays(3); again = again.AddMinutes(9)) gap = gap.FollowedBy(again, again.AddSeconds(5));

        new OwnWrites(Ended.AddHours(-1), null).After(gap).IntentOpenUntil.ShouldBe(Ended.AddHours(-1) + TimeSpan.FromDays(1) + OwnWrites.IntentHold);
    }

    [Fact]
    public void What_is_closed_stays_closed() => WroteTwo.After(Gap).ShouldBe(WroteTwo);

    [Fact]
    public void Before_the_first_lease_nothing_is_changed()
    {
        var open = new OwnWrites(Began, null);

        open.After(LeaseGap.None).ShouldBe(open);
    }

    [Fact]
    public void I2_at_a_start_the_last_day_counts_as_a_gap()
    {
        new OwnWrites(Ended.AddDays(-1), null).After(LeaseGap.AtStart(Ended)).IntentOpenUntil.ShouldBe(Anew);
        new OwnWrites(Ended.AddDays(-1).AddTicks(-1), null).After(LeaseGap.AtStart(Ended)).IntentOpenUntil.ShouldBe(Ended.AddDays(-1).AddTicks(-1));
    }

    [Fact]
    public void I2_a_gap_soon_after_another_takes_nothing_away_that_counts_anew()
    {
        var soon = Gap.FollowedBy(Anew.AddTicks(-1), Anew.AddHours(1));
        var later = Gap.FollowedBy(Anew, Anew.AddHours(1));

        new OwnWrites(Began, null).After(soon).IntentOpenUntil.ShouldBe(Anew.AddHours(1) + OwnWrites.IntentHold);
        new OwnWrites(Began, null).After(later).IntentOpenUntil.ShouldBe(Began, "its time was over");
    }

    [Fact]
    public void I2_a_capture_waits_after_the_gap_and_is_an_echo_once_the_stamp_is_recorded()
    {
        var history = new History();
        var ranOut = new OwnWrites(history.Now.AddHours(-1), null);
        var gap = new LeaseGap(history.Now.AddHours(-2), history.Now);

        history.Arrive(Some.Change(2), ranOut.After(gap)).AskAgainAt.ShouldBe(history.Now + OwnWrites.IntentHold);
        Captures_are_decided.Reason(history.Arrive(Some.Change(2), (ranOut with { LastWrittenStamp = Some.Stamp(2) }).After(gap))).ShouldBe(IgnoreReason.Echo);
    }
}
