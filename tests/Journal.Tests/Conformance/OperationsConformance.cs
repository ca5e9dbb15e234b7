using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
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
            .Select(row => row.Event!.GetType()).ShouldBe([typeof(IdentityEvent.CaptureAccepted), typeof(IdentityEvent.AttemptFinished)]);
        (await queries.ReadEventsAsync(new EventPage(0, 9, Newest: false, [], Samples.Start.AddMinutes(1)), CancellationToken.None)).ShouldBe(all[^2..]);
        (await queries.FindChangeAsync(identity, change.CaptureId.Value, CancellationToken.None))!.Event.ShouldBe(new IdentityEvent.CaptureAccepted(Samples.Start, change) { Queued = Worker.Points });
        (await queries.FindChangeAsync(identity, Guid.NewGuid(), CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Event_that_cannot_be_read_stands_among_the_others_with_its_number_time_and_the_reason()
    {
        await using var subject = await OpenAsync();
        var (identity, change) = await AcceptAsync(subject);
        var (other, _) = await AcceptAsync(subject);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start.AddMinutes(1));
        await worker.DeliverAsync(identity, Samples.Mail, change.CaptureId);
        var queries = OperationsOf(subject).Queries;
        var all = await queries.ReadEventsAsync(new EventPage(0, 100, Newest: false, [], null), CancellationToken.None);
        var accepted = all.Single(row => row.Identity == identity && row.Event is IdentityEvent.CaptureAccepted);
        var started = all.Single(row => row.Event is IdentityEvent.AttemptStarted);

        await subject.RewriteEventAsync(started.Position, "attempt-started.2", "{\"next\":true}");
        await subject.RewriteEventAsync(accepted.Position, "capture-accepted.1", $"{{\"change\":{{\"captureId\":\"{change.CaptureId.Value:D}\",\"account\":{{\"objectGuid\":\"{change.Account.ObjectGuid:D}\"}}}}}}");

        var told = await queries.ReadEventsAsync(new EventPage(0, 100, Newest: false, [], null), CancellationToken.None);
        told.Select(row => (row.Position, row.Identity, row.Sequence, row.At)).ShouldBe(all.Select(row => (row.Position, row.Identity, row.Sequence, row.At)));
        told.Where(row => row.Unreadable is null).ShouldBe(all.Except([accepted, started]));
        told.Single(row => row.Position == started.Position).Unreadable!.Because.ShouldContain("'attempt-started.2', which this version does not know");
        told.Single(row => row.Position == accepted.Position).Unreadable!.Because.ShouldContain("'capture-accepted.1' does not have the shape of its kind");
        (await queries.ReadEventsAsync(new EventPage(0, 100, Newest: true, [], null), CancellationToken.None)).ShouldBe(told);

        // Who it is stays known, and that nobody can read what they are called.
        (await queries.FindChangeAsync(identity, change.CaptureId.Value, CancellationToken.None)).ShouldBeNull();
        (await queries.FindAccountsAsync($"{identity}", 10, CancellationToken.None)).ShouldBe([new KnownAccount(identity, change.Account, null) { IsUnreadable = true }]);
        (await queries.FindAccountsAsync($"{other}", 10, CancellationToken.None)).ShouldHaveSingleItem().Names.ShouldNotBeNull();
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
        all.Select(row => row.At).ShouldNotBe(all.Select(row => row.At).Order(), "the order of commits is not that of times");
        for (var hour = 0; hour <= 13; hour++)
        {
            var since = Samples.Start.AddHours(hour).AddMinutes(-15);
            var expected = all.Where(row => row.At >= since).ToList();

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
}
