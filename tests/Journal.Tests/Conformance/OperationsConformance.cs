using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>The operations people's questions.</summary>
public abstract class OperationsConformance : StoreConformance
{
    private static IOperationsStore OperationsOf(IStoreUnderTest subject) => subject.Store.Operations;

    [Fact]
    public async Task Accounts_are_found_by_every_name_without_regard_to_case_and_by_ids()
    {
        await using var subject = await OpenAsync();
        var (identity, change) = await AcceptAsync(subject);
        var queries = OperationsOf(subject).Queries;
        string[] names =
        [
            "ADA", "Ada@Corp.Example", "CN=Ada Łukasiewicz,OU=People,DC=corp,DC=example", "cn=ada łukasiewicz,ou=people,dc=corp,dc=example",
            $"{change.Account.ObjectGuid}", $"{identity.Value}", $"{change.CaptureId}",
        ];

        foreach (var name in names) (await queries.FindAccountsAsync(name, 10, CancellationToken.None)).ShouldBe([new KnownAccount(identity, change.Account, change.Names)], name);
        (await queries.FindAccountsAsync("bob", 10, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_accounts_of_one_name_are_both_found_up_to_the_limit()
    {
        await using var subject = await OpenAsync();
        await AcceptAsync(subject);
        await AcceptAsync(subject);

        (await OperationsOf(subject).Queries.FindAccountsAsync("ada", 10, CancellationToken.None)).Length.ShouldBe(2);
        (await OperationsOf(subject).Queries.FindAccountsAsync("ada", 1, CancellationToken.None)).Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_name_is_found_in_the_snapshot_when_its_events_are_gone()
    {
        var settings = new StoreSettings { SnapshotEvery = 1, EventsKeptMax = 1 };
        await using var subject = await OpenAsync(settings);
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        for (var i = 0; i < 3; i++) await worker.CommandAsync(identity, new IdentityCommand.NoteReport(Samples.Start, Samples.NewCapture(), change.Account, CaptureVerdict.RefusedBySource, Samples.Start));

        (await OperationsOf(subject).Queries.FindAccountsAsync("ada", 10, CancellationToken.None)).ShouldBe([new KnownAccount(identity, change.Account, change.Names)]);
    }

    [Fact]
    public async Task Parked_deliveries_are_listed_until_something_else_happens_at_their_point()
    {
        await using var subject = await OpenAsync();
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var queries = OperationsOf(subject).Queries;
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

        (await OperationsOf(subject).Queries.CountParkedAsync(CancellationToken.None)).ShouldBe([
            new StuckDeliveries(Samples.Files, 1, Samples.Start.AddMinutes(3)), new StuckDeliveries(Samples.Mail, 3, Samples.Start.AddMinutes(1)),
        ]);
    }

    [Fact]
    public async Task Failing_deliveries_are_listed_while_they_are_tried_again_until_they_arrive_or_are_parked_or_a_newer_change_takes_their_place()
    {
        await using var subject = await OpenAsync();
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var queries = OperationsOf(subject).Queries;
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
        var queries = OperationsOf(subject).Queries;
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
        var queries = OperationsOf(subject).Queries;
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
    public async Task What_never_arrived_is_forgotten_when_nobody_has_changed_the_password_for_long()
    {
        await using var subject = await OpenAsync(new StoreSettings { AcceptedKeptFor = TimeSpan.FromDays(8) });
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var queries = OperationsOf(subject).Queries;
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
    public async Task What_is_not_decided_is_listed_for_all_and_for_one_the_oldest_first_with_our_own_writes()
    {
        await using var subject = await OpenAsync();
        var queries = OperationsOf(subject).Queries;
        var changes = Enumerable.Range(0, 3).Select(_ => Samples.ChangeOf(Samples.NewAccount(), version: 1)).ToList();
        foreach (var change in changes) await subject.Store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
        var until = Samples.Start.AddMinutes(1);
        await subject.Store.Accounts.OpenIntentAsync(changes[1].Account, Guid.NewGuid(), until, CancellationToken.None);

        var all = await queries.ListInboxAsync(null, 10, CancellationToken.None);

        all.Select(row => row.Arrival.Id).ShouldBe(changes.Select(change => change.CaptureId));
        all.Select(row => row.OwnWrites.IntentOpenUntil).ShouldBe([null, until, null]);
        (await queries.ListInboxAsync(null, 2, CancellationToken.None)).Select(row => row.Sequence).ShouldBe(all.Take(2).Select(row => row.Sequence));
        (await queries.ListInboxAsync(all[1].Identity, 10, CancellationToken.None)).Single().Arrival.Id.ShouldBe(changes[1].CaptureId);
        (await queries.ListInboxAsync(new IdentityId(Guid.NewGuid()), 10, CancellationToken.None)).ShouldBeEmpty();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        await worker.DecideAsync(all[0]);
        (await queries.ListInboxAsync(null, 10, CancellationToken.None)).Select(row => row.Sequence).ShouldBe(all.Skip(1).Select(row => row.Sequence));
    }

    [Fact]
    public async Task Somebody_is_found_by_the_name_of_a_capture_that_was_not_sent()
    {
        await using var subject = await OpenAsync();
        var account = Samples.NewAccount();
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(account, version: 1))], CancellationToken.None);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var row = (await worker.InboxAsync()).Single();
        await worker.CommandAsync(row.Identity, new IdentityCommand.NoteReport(Samples.Start, Samples.NewCapture(), account, CaptureVerdict.RefusedBySource, Samples.Start) { Trace = new CaptureTrace("Zoë", Samples.Start, Samples.Start) });

        (await OperationsOf(subject).Queries.FindAccountsAsync("ZOË", 10, CancellationToken.None)).ShouldBe([new KnownAccount(row.Identity, account, null)]);
    }

    [Fact]
    public async Task A_failing_delivery_that_is_older_than_any_can_be_is_forgotten()
    {
        await using var subject = await OpenAsync(new StoreSettings { AcceptedKeptFor = TimeSpan.FromDays(8) });
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var queries = OperationsOf(subject).Queries;
        await worker.CommandAsync(identity, new IdentityCommand.ReportObstacle(Samples.Start, Samples.Mail, change.CaptureId, new DeliveryOutcome.Transient("down"), Jitter: 0));

        subject.Time.Advance(change.Stages.CapturedAt + TimeSpan.FromDays(8) - subject.Time.GetUtcNow());
        await subject.Store.MaintainAsync(CancellationToken.None);
        (await queries.CountFailingAsync(CancellationToken.None)).ShouldHaveSingleItem();
        subject.Time.Advance(TimeSpan.FromSeconds(1));
        await subject.Store.MaintainAsync(CancellationToken.None);
        (await queries.CountFailingAsync(CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Events_come_in_the_order_of_commits_by_pages_kinds_and_time()
    {
        await using var subject = await OpenAsync();
        var (identity, change) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start.AddMinutes(1));
        await worker.DeliverAsync(identity, Samples.Mail, change.CaptureId);
        var queries = OperationsOf(subject).Queries;

        var all = await queries.ReadEventsAsync(new EventPage(0, 100, Newest: false, [], null), CancellationToken.None);

        all.Select(row => row.Sequence).ShouldBe(Enumerable.Range(1, all.Length).Select(number => (long)number));
        all.Select(row => row.Position).ShouldBeInOrder();
        (await queries.ReadEventsAsync(new EventPage(all[1].Position, 2, Newest: false, [], null), CancellationToken.None)).ShouldBe(all[2..4]);
        (await queries.ReadEventsAsync(new EventPage(0, 2, Newest: true, [], null), CancellationToken.None)).ShouldBe(all[^2..]);
        (await queries.ReadEventsAsync(new EventPage(0, 2, Newest: true, [], null) { Before = all[^2].Position }, CancellationToken.None)).ShouldBe(all[^4..^2]);
        (await queries.ReadEventsAsync(new EventPage(0, 2, Newest: true, [], null) { Before = all[^2].Position, Identity = identity }, CancellationToken.None)).ShouldBe(all[^4..^2]);
        (await queries.ReadEventsAsync(new EventPage(0, 2, Newest: true, [], null) { Before = all[0].Position }, CancellationToken.None)).ShouldBeEmpty();
        (await queries.ReadEventsAsync(new EventPage(0, 100, Newest: false, [], null) { Before = all[2].Position }, CancellationToken.None)).ShouldBe(all[..2]);
        (await queries.ReadEventsAsync(new EventPage(0, 9, Newest: false, ["capture-accepted.1", "attempt-finished.1"], null), CancellationToken.None))
            .Select(row => row.Event.GetType()).ShouldBe([typeof(IdentityEvent.CaptureAccepted), typeof(IdentityEvent.AttemptFinished)]);
        (await queries.ReadEventsAsync(new EventPage(0, 9, Newest: false, [], Samples.Start.AddMinutes(1)), CancellationToken.None)).ShouldBe(all[^2..]);
        (await queries.FindChangeAsync(identity, change.CaptureId.Value, CancellationToken.None))!.Event.ShouldBe(new IdentityEvent.CaptureAccepted(Samples.Start, change));
        (await queries.FindChangeAsync(identity, Guid.NewGuid(), CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Events_since_a_time_are_found_among_older_ones_also_where_the_clocks_of_nodes_differ()
    {
        await using var subject = await OpenAsync();
        var people = new List<(IdentityId Identity, Change Change)>();
        for (var i = 0; i < 8; i++) people.Add(await AcceptAsync(subject));
        foreach (var ((identity, change), i) in people.Select((person, i) => (person, i)))
        {
            // Every second one is decided by a node whose clock is half an hour behind.
            var worker = await Worker.StartAsync(subject.Store, Samples.Start.AddHours(1 + (3 * (i / 2))).AddMinutes(-30 * (i % 2)));
            await worker.DeliverAsync(identity, Samples.Mail, change.CaptureId);
        }

        var queries = OperationsOf(subject).Queries;
        var all = await queries.ReadEventsAsync(new EventPage(0, 1_000, Newest: false, [], null), CancellationToken.None);
        all.Select(row => row.Event.At).ShouldNotBe(all.Select(row => row.Event.At).Order(), "the order of commits is not that of times");
        for (var hour = 0; hour <= 13; hour++)
        {
            var since = Samples.Start.AddHours(hour).AddMinutes(-15);
            var expected = all.Where(row => row.Event.At >= since).ToList();

            (await queries.ReadEventsAsync(new EventPage(0, 1_000, Newest: false, [], since), CancellationToken.None)).ShouldBe(expected);
            (await queries.ReadEventsAsync(new EventPage(0, 1_000, Newest: true, [], since), CancellationToken.None)).ShouldBe(expected);
        }
    }

    [Fact]
    public async Task Counts_accounts_and_shards_say_what_there_is()
    {
        await using var subject = await OpenAsync();
        var (identity, change) = await AcceptAsync(subject);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), 1, Samples.Start.AddSeconds(3)))], CancellationToken.None);
        var queries = OperationsOf(subject).Queries;

        var counts = await queries.CountAsync(long.MaxValue, CancellationToken.None);
        var bounded = await queries.CountAsync(max: 1, CancellationToken.None);

        (counts.Identities, counts.Inbox, counts.InboxOldest, counts.Pending, counts.Secrets).ShouldBe((2, 1, Samples.Start.AddSeconds(3), 1, 2));
        bounded.ShouldBe(counts with { Identities = 1, Secrets = 1 });
        (await queries.ListPendingAsync(after: null, 5, CancellationToken.None)).Single().Identity.ShouldBe(identity);
        (await queries.ListAccountsAsync(identity, CancellationToken.None)).ShouldBe([change.Account]);
        (await queries.ListIdentitiesAsync(Samples.Source, Guid.Empty, 10, CancellationToken.None)).Length.ShouldBe(2);
        (await queries.ListIdentitiesAsync(new SourceId("other"), Guid.Empty, 10, CancellationToken.None)).ShouldBeEmpty();
        var shards = await queries.ListShardsAsync(CancellationToken.None);
        shards.Length.ShouldBe(256);
        shards.ShouldAllBe(shard => shard.Owner == "node-1" && shard.Epoch == 1);
    }

    [Fact]
    public async Task What_is_pending_comes_page_by_page_in_order_and_once_each()
    {
        await using var subject = await OpenAsync();
        var queries = OperationsOf(subject).Queries;
        for (var i = 0; i < 7; i++) await AcceptAsync(subject);
        var all = await queries.ListPendingAsync(after: null, 100, CancellationToken.None);
        all.Length.ShouldBe(7);
        all.Select(row => row.DueAt).ShouldBeInOrder();
        all.Select(row => row.DueAt).Distinct().Count().ShouldBeLessThan(7, "some are due at the very same time");

        var paged = new List<PendingIdentity>();
        PendingIdentity? after = null;
        do
        {
            var page = await queries.ListPendingAsync(after, 2, CancellationToken.None);
            paged.AddRange(page);
            after = page.IsEmpty ? null : page[^1];
        }
        while (after is not null);

        paged.ShouldBe(all);
        (await queries.ListPendingAsync(new PendingIdentity(default, 0, all[^1].DueAt), 100, CancellationToken.None)).ShouldBe(all.Where(row => row.DueAt == all[^1].DueAt));
    }

    private static async Task<(IdentityId Identity, Change Change)> AcceptAsync(IStoreUnderTest subject)
    {
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
        var row = (await worker.InboxAsync()).Single();
        await worker.DecideAsync(row);
        return (row.Identity, change);
    }
}
