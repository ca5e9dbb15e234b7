using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>Deliveries that are parked, fail or never arrived, and captures that could not be proven, as operators are told of them.</summary>
public abstract class TroublesConformance : StoreConformance
{
    [Fact]
    public async Task Parked_deliveries_are_listed_until_something_else_happens_at_their_point()
    {
        await using var subject = await OpenAsync();
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var queries = subject.Store.Operations.Queries;
        (await queries.ListParkedAsync(null, 10, CancellationToken.None)).ShouldBeEmpty();

        await worker.CommandAsync(identity, new IdentityCommand.ReportObstacle(Samples.Start, Samples.Mail, change.CaptureId, new DeliveryOutcome.RefusedByPolicy("too short"), 0));

        (await queries.ListParkedAsync(null, 10, CancellationToken.None)).ShouldBe([new StuckDelivery(identity, Samples.Mail, Samples.Start)]);
        (await queries.ListParkedAsync(Samples.Files, 10, CancellationToken.None)).ShouldBeEmpty();
        (await queries.CountParkedAsync(CancellationToken.None)).ShouldBe([new StuckDeliveries(Samples.Mail, 1, Samples.Start)]);
        await worker.CommandAsync(identity, new IdentityCommand.RetryDelivery(Samples.Start, Samples.Mail));
        (await queries.ListParkedAsync(null, 10, CancellationToken.None)).ShouldBeEmpty();
        (await queries.CountParkedAsync(CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Parked_deliveries_are_counted_at_each_point_with_the_longest_of_them()
    {
        await using var subject = await OpenAsync();
        for (var i = 0; i < 3; i++)
        {
            var (identity, change) = await AcceptAsync(subject);
            var worker = await Worker.StartAsync(subject.Store, Samples.Start);
            foreach (var point in i == 0 ? [Samples.Mail, Samples.Files] : (SyncPointId[])[Samples.Mail])
            {
                await worker.CommandAsync(identity, new IdentityCommand.ReportObstacle(Samples.Start.AddMinutes(3 - i), point, change.CaptureId, new DeliveryOutcome.RefusedByPolicy("too short"), 0));
            }
        }

        (await subject.Store.Operations.Queries.CountParkedAsync(CancellationToken.None)).ShouldBe([
            new StuckDeliveries(Samples.Files, 1, Samples.Start.AddMinutes(3)), new StuckDeliveries(Samples.Mail, 3, Samples.Start.AddMinutes(1)),
        ]);
    }

    [Fact]
    public async Task Failing_deliveries_are_listed_while_they_are_tried_again_until_they_arrive_or_are_parked_or_a_newer_change_takes_their_place()
    {
        await using var subject = await OpenAsync();
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var queries = subject.Store.Operations.Queries;
        (await queries.CountFailingAsync(CancellationToken.None)).ShouldBeEmpty("what waits has not failed");
        var captured = change.Stages.CapturedAt;

        await FailAsync(Samples.Mail, new DeliveryOutcome.Transient("down"), Samples.Start);
        await FailAsync(Samples.Files, new DeliveryOutcome.TargetMisconfigured("wrong password"), Samples.Start);

        (await queries.ListFailingAsync(null, 10, CancellationToken.None)).ShouldBe([new StuckDelivery(identity, Samples.Mail, captured), new StuckDelivery(identity, Samples.Files, captured)], ignoreOrder: true);
        (await queries.ListFailingAsync(null, 1, CancellationToken.None)).Length.ShouldBe(1);
        (await queries.ListFailingAsync(Samples.Files, 10, CancellationToken.None)).ShouldBe([new StuckDelivery(identity, Samples.Files, captured)]);
        (await queries.CountFailingAsync(CancellationToken.None)).ShouldBe([new StuckDeliveries(Samples.Files, 1, captured), new StuckDeliveries(Samples.Mail, 1, captured)]);
        (await queries.CountParkedAsync(CancellationToken.None)).ShouldBeEmpty();

        // It goes on failing while it is tried, and no longer once it has arrived.
        var (later, attempt) = (Samples.Start.AddHours(1), Guid.NewGuid());
        await FailAsync(Samples.Mail, new DeliveryOutcome.Transient("still down"), later);
        await worker.CommandAsync(identity, new IdentityCommand.BeginAttempt(later.AddHours(1), Samples.Mail, change.CaptureId, attempt, later.AddHours(2), new TargetAccount("key", "ada", null), Baseline: null));
        (await queries.ListFailingAsync(Samples.Mail, 10, CancellationToken.None)).ShouldBe([new StuckDelivery(identity, Samples.Mail, captured)]);
        await worker.CommandAsync(identity, new IdentityCommand.FinishAttempt(later.AddHours(1), Samples.Mail, attempt, new DeliveryOutcome.Delivered(null, null), Jitter: 0));
        (await queries.ListFailingAsync(null, 10, CancellationToken.None)).ShouldBe([new StuckDelivery(identity, Samples.Files, captured)]);

        await FailAsync(Samples.Files, new DeliveryOutcome.RefusedByPolicy("too short"), later);
        (await queries.CountFailingAsync(CancellationToken.None)).ShouldBeEmpty();
        (await queries.CountParkedAsync(CancellationToken.None)).ShouldBe([new StuckDeliveries(Samples.Files, 1, later)]);
        await worker.CommandAsync(identity, new IdentityCommand.RetryDelivery(later, Samples.Files));
        await FailAsync(Samples.Files, new DeliveryOutcome.Transient("down"), later);
        (await queries.CountFailingAsync(CancellationToken.None)).ShouldBe([new StuckDeliveries(Samples.Files, 1, captured)]);
        await worker.CommandAsync(identity, new IdentityCommand.DecideCapture(later, Samples.ChangeOf(change.Account, version: 9), Worker.Points, OwnWrites.None));
        (await queries.CountFailingAsync(CancellationToken.None)).ShouldBeEmpty("a newer change waits, which has not failed");

        Task FailAsync(SyncPointId point, DeliveryOutcome outcome, DateTimeOffset at) => worker.CommandAsync(identity, new IdentityCommand.ReportObstacle(at, point, change.CaptureId, outcome, Jitter: 0));
    }

    [Fact]
    public async Task Deliveries_that_never_arrived_are_listed_until_another_change_comes()
    {
        await using var subject = await OpenAsync();
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var queries = subject.Store.Operations.Queries;
        await worker.DeliverAsync(identity, Samples.Files, change.CaptureId);
        (await queries.CountMissedAsync(CancellationToken.None)).ShouldBeEmpty("one waits, one was delivered");

        await worker.CommandAsync(identity, new IdentityCommand.WakeUp(change.ExpiresAt, Jitter: 0));

        (await queries.ListMissedAsync(null, 10, CancellationToken.None)).ShouldBe([new StuckDelivery(identity, Samples.Mail, change.ExpiresAt)]);
        (await queries.ListMissedAsync(Samples.Files, 10, CancellationToken.None)).ShouldBeEmpty();
        (await queries.CountMissedAsync(CancellationToken.None)).ShouldBe([new StuckDeliveries(Samples.Mail, 1, change.ExpiresAt)]);

        // The next one comes while the other point is disabled.
        var next = Samples.ChangeOf(change.Account, version: 2, acceptedAt: change.ExpiresAt);
        await worker.CommandAsync(identity, new IdentityCommand.DecideCapture(change.ExpiresAt, next, Worker.Points, OwnWrites.None) { Disabled = [Samples.Files] });
        (await queries.CountMissedAsync(CancellationToken.None)).ShouldBe([new StuckDeliveries(Samples.Files, 1, change.ExpiresAt)]);
        (await queries.ListMissedAsync(Samples.Files, 10, CancellationToken.None)).ShouldBe([new StuckDelivery(identity, Samples.Files, change.ExpiresAt)]);

        await worker.CommandAsync(identity, new IdentityCommand.RejectSecret(change.ExpiresAt.AddMinutes(1), next.CaptureId, "empty"));
        (await queries.ListMissedAsync(null, 1, CancellationToken.None)).ShouldBe([new StuckDelivery(identity, Samples.Files, change.ExpiresAt)], "the longest first");
        (await queries.ListMissedAsync(null, 10, CancellationToken.None)).Length.ShouldBe(2);
        await worker.CommandAsync(identity, new IdentityCommand.AssignPoints(change.ExpiresAt.AddMinutes(2), change.Account, [Samples.Mail]));
        (await queries.CountMissedAsync(CancellationToken.None)).ShouldBe([new StuckDeliveries(Samples.Mail, 1, change.ExpiresAt.AddMinutes(1))], "the other left the scope");
    }

    [Fact]
    public async Task An_unconfirmed_capture_is_listed_until_a_later_change_is_accepted()
    {
        await using var subject = await OpenAsync();
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var queries = subject.Store.Operations.Queries;
        foreach (var verdict in (CaptureVerdict[])[CaptureVerdict.RefusedBySource, CaptureVerdict.Overtaken, CaptureVerdict.SupersededAtEdge]) await ReportAsync(verdict, 1);
        (await queries.ListUnconfirmedAsync(10, CancellationToken.None)).ShouldBeEmpty();

        await ReportAsync(CaptureVerdict.Unconfirmed, 2);
        await ReportAsync(CaptureVerdict.Unconfirmed, 3);
        await ReportAsync(CaptureVerdict.RefusedBySource, 4);

        var listed = (await queries.ListUnconfirmedAsync(10, CancellationToken.None)).Single();
        (listed.Identity, listed.Since).ShouldBe((identity, Samples.Start.AddMinutes(3)));
        var reported = await subject.Store.Journal.ReadEventsAsync(identity, listed.Sequence, CancellationToken.None).FirstAsync(CancellationToken.None);
        (reported.Event as IdentityEvent.CaptureReported)?.At.ShouldBe(listed.Since);
        (await queries.ListUnconfirmedAsync(0, CancellationToken.None)).ShouldBeEmpty();
        await worker.CommandAsync(identity, new IdentityCommand.DecideCapture(Samples.Start, Samples.ChangeOf(change.Account, version: 2), Worker.Points, OwnWrites.None));
        (await queries.ListUnconfirmedAsync(10, CancellationToken.None)).ShouldBeEmpty();

        Task ReportAsync(CaptureVerdict verdict, int minute) => worker.CommandAsync(identity, new IdentityCommand.NoteReport(Samples.Start.AddMinutes(minute), Samples.NewCapture(), change.Account, verdict, Samples.Start));
    }

    [Fact]
    public async Task An_unconfirmed_capture_that_is_past_does_not_come_back_when_the_events_that_tell_so_are_trimmed_away()
    {
        await using var subject = await OpenAsync(new StoreSettings { SnapshotEvery = 5, EventsKeptMax = 20 });
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var queries = subject.Store.Operations.Queries;
        await ReportAsync(CaptureVerdict.Unconfirmed);
        await subject.Store.MaintainAsync(CancellationToken.None);
        var unconfirmed = (await queries.ListUnconfirmedAsync(10, CancellationToken.None)).ShouldHaveSingleItem("nothing was accepted since");

        await worker.CommandAsync(identity, new IdentityCommand.DecideCapture(Samples.Start, Samples.ChangeOf(change.Account, version: 2), Worker.Points, OwnWrites.None));
        await subject.Store.MaintainAsync(CancellationToken.None);
        for (var i = 0; i < 40; i++) await ReportAsync(CaptureVerdict.RefusedBySource);

        var first = await subject.Store.Journal.ReadEventsAsync(identity, 1, CancellationToken.None).FirstAsync(CancellationToken.None);
        first.Sequence.ShouldBeGreaterThan(unconfirmed.Sequence + 5, "the accepted change is trimmed away");
        (await queries.ListUnconfirmedAsync(10, CancellationToken.None)).ShouldBeEmpty();

        Task ReportAsync(CaptureVerdict verdict) => worker.CommandAsync(identity, new IdentityCommand.NoteReport(Samples.Start, Samples.NewCapture(), change.Account, verdict, Samples.Start));
    }

    [Fact]
    public async Task What_never_arrived_is_forgotten_when_nobody_has_changed_the_password_for_long()
    {
        await using var subject = await OpenAsync(new StoreSettings { AcceptedKeptFor = TimeSpan.FromDays(8) });
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var queries = subject.Store.Operations.Queries;
        await worker.CommandAsync(identity, new IdentityCommand.RejectSecret(Samples.Start, change.CaptureId, "empty"));
        await worker.CommandAsync(identity, new IdentityCommand.NoteReport(Samples.Start, Samples.NewCapture(), change.Account, CaptureVerdict.Unconfirmed, Samples.Start));

        subject.Time.Advance(Samples.Start + TimeSpan.FromDays(8) - subject.Time.GetUtcNow());
        await subject.Store.MaintainAsync(CancellationToken.None);
        (await queries.CountMissedAsync(CancellationToken.None)).Length.ShouldBe(2);
        (await queries.ListUnconfirmedAsync(10, CancellationToken.None)).ShouldHaveSingleItem();
        subject.Time.Advance(TimeSpan.FromSeconds(1));
        await subject.Store.MaintainAsync(CancellationToken.None);
        (await queries.CountMissedAsync(CancellationToken.None)).ShouldBeEmpty();
        (await queries.ListUnconfirmedAsync(10, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_failing_delivery_that_is_older_than_any_can_be_is_forgotten()
    {
        await using var subject = await OpenAsync(new StoreSettings { AcceptedKeptFor = TimeSpan.FromDays(8) });
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var queries = subject.Store.Operations.Queries;
        await worker.CommandAsync(identity, new IdentityCommand.ReportObstacle(Samples.Start, Samples.Mail, change.CaptureId, new DeliveryOutcome.Transient("down"), Jitter: 0));

        subject.Time.Advance(change.Stages.CapturedAt + TimeSpan.FromDays(8) - subject.Time.GetUtcNow());
        await subject.Store.MaintainAsync(CancellationToken.None);
        (await queries.CountFailingAsync(CancellationToken.None)).ShouldHaveSingleItem();
        subject.Time.Advance(TimeSpan.FromSeconds(1));
        await subject.Store.MaintainAsync(CancellationToken.None);
        (await queries.CountFailingAsync(CancellationToken.None)).ShouldBeEmpty();
    }
}
