using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Decisions;

/// <summary>A person with two accounts: each has a scope of its own, and the person has the sync points of both.</summary>
public sealed class Linked_accounts
{
    [Fact]
    public void A_capture_of_one_account_leaves_the_points_of_the_other_and_is_queued_at_all()
    {
        var history = new History();
        Arrive(history, Some.Change(1), Some.Point);

        Arrive(history, Some.Change(2, Some.Beta), Some.OtherPoint);

        history.State.Points.Keys.ShouldBe([Some.OtherPoint, Some.Point]);
        history.State.Points.Values.ShouldAllBe(point => point.Unsent!.CaptureId == Some.Capture(2));
        history.Journal.OfType<IdentityEvent.PointWithdrawn>().ShouldBeEmpty();
    }

    [Fact]
    public void A_point_stays_as_long_as_one_account_has_it()
    {
        var history = new History();
        Arrive(history, Some.Change(1), Some.Point);
        Arrive(history, Some.Change(2, Some.Beta), Some.Point, Some.OtherPoint);

        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Alpha), []));
        history.State.Points.Keys.ShouldBe([Some.OtherPoint, Some.Point]);

        history.Do(new IdentityCommand.AssignPoints(history.Now, Some.Account(Some.Beta), Some.Points(Some.OtherPoint)));
        history.State.Points.Keys.ShouldBe([Some.OtherPoint]);
    }

    [Fact]
    public void An_account_that_left_every_scope_takes_only_its_own_points_with_it_and_is_not_sent()
    {
        var history = new History();
        Arrive(history, Some.Change(1), Some.Point);
        Arrive(history, Some.Change(2, Some.Beta), Some.OtherPoint);

        var decision = Arrive(history, Some.Change(3, stamp: Some.Stamp(4)));

        decision.Events.OfType<IdentityEvent.CaptureIgnored>().Single().Reason.ShouldBe(IgnoreReason.OutOfScope);
        history.State.Points.Keys.ShouldBe([Some.OtherPoint]);
        history.State.Scopes.Select(scope => scope.Account.Source).ShouldBe([Some.Beta]);
    }

    private static Decision Arrive(History history, Change change, params SyncPointId[] points)
    {
        history.Scope = [.. points];
        return history.Arrive(change);
    }
}
