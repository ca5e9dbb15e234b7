using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>The journal: order, fencing, snapshots.</summary>
public abstract class JournalConformance : StoreConformance
{
    [Fact]
    public async Task Identity_without_events_is_in_its_initial_state()
    {
        await using var subject = await OpenAsync();
        (await subject.Store.Journal.LoadAsync(new IdentityId(Guid.NewGuid()), CancellationToken.None)).ShouldBeEquivalentTo(IdentityState.Initial);
    }

    [Fact]
    public async Task Appended_events_are_there_after_reopening_and_fold_to_the_same_state()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var identity = new IdentityId(Guid.NewGuid());
        var plan = worker.Plan(identity, IdentityState.Initial, AcceptedAndQueued(), []);
        (await subject.Store.Journal.AppendAsync(plan, CancellationToken.None)).ShouldBe(AppendResult.Appended);

        await subject.ReopenAsync(new StoreSettings());

        (await subject.Store.Journal.LoadAsync(identity, CancellationToken.None)).ShouldBeEquivalentTo(plan.After);
        var events = await EventsAsync(subject.Store, identity, from: 1);
        events.Select(journalled => journalled.Sequence).ShouldBe([1, 2, 3]);
        events.Select(journalled => journalled.Event).ShouldBe(plan.Events);
    }

    [Fact]
    public async Task Append_upon_another_sequence_is_a_conflict_and_writes_nothing()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var identity = new IdentityId(Guid.NewGuid());
        var first = worker.Plan(identity, IdentityState.Initial, AcceptedAndQueued(), []);
        await subject.Store.Journal.AppendAsync(first, CancellationToken.None);

        var again = worker.Plan(identity, IdentityState.Initial, AcceptedAndQueued(), []);
        var ahead = worker.Plan(identity, first.After with { Sequence = 7 }, [Samples.Report(Samples.Start)], []);

        (await subject.Store.Journal.AppendAsync(again, CancellationToken.None)).ShouldBe(AppendResult.Conflict);
        (await subject.Store.Journal.AppendAsync(ahead, CancellationToken.None)).ShouldBe(AppendResult.Conflict);
        (await worker.LoadAsync(identity)).ShouldBeEquivalentTo(first.After);
    }

    [Fact]
    public async Task Append_under_another_epoch_is_fenced_off_and_writes_nothing()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
        var row = (await worker.InboxAsync()).ShouldHaveSingleItem();
        var successor = await Worker.StartAsync(subject.Store, Samples.Start, Worker.Node with { Incarnation = Guid.NewGuid() });

        var (result, _) = await worker.DecideAsync(row);

        result.ShouldBe(AppendResult.Fenced);
        (await successor.LoadAsync(row.Identity)).Sequence.ShouldBe(0);
        (await successor.InboxAsync()).ShouldHaveSingleItem().Sequence.ShouldBe(row.Sequence);
        (await subject.Store.Secrets.ReadAsync(change.CaptureId, CancellationToken.None)).ShouldNotBeNull();
        (await PendingAsync(subject.Store, successor)).ShouldBeEmpty();
        (await successor.DecideAsync(row)).Result.ShouldBe(AppendResult.Appended);
    }

    [Fact]
    public async Task Append_is_fenced_off_after_the_shards_were_released()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        await subject.Store.Leases.ReleaseAsync(Worker.Node, CancellationToken.None);
        var plan = worker.Plan(new IdentityId(Guid.NewGuid()), IdentityState.Initial, AcceptedAndQueued(), []);
        (await subject.Store.Journal.AppendAsync(plan, CancellationToken.None)).ShouldBe(AppendResult.Fenced);
    }

    [Fact]
    public async Task Append_of_a_decision_moves_the_inbox_the_pending_work_and_the_secrets_at_once()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var account = Samples.NewAccount();
        var older = Samples.ChangeOf(account, version: 1);
        var newer = Samples.ChangeOf(account, version: 2);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(older), Samples.Arrive(newer)], CancellationToken.None);
        var rows = await worker.InboxAsync();

        await worker.DecideAsync(rows[0]);
        (await PendingAsync(subject.Store, worker)).ShouldHaveSingleItem().ShouldBe(new PendingIdentity(rows[0].Identity, rows[0].Shard, Samples.Start));
        await worker.DecideAsync(rows[1]);

        (await worker.InboxAsync()).ShouldBeEmpty();
        (await subject.Store.Secrets.ReadAsync(older.CaptureId, CancellationToken.None)).ShouldBeNull("the newer change took its place");
        (await subject.Store.Secrets.ReadAsync(newer.CaptureId, CancellationToken.None)).ShouldNotBeNull();
        await worker.DeliverAsync(rows[1].Identity, Samples.Mail, newer.CaptureId);
        await worker.DeliverAsync(rows[1].Identity, Samples.Files, newer.CaptureId);
        (await PendingAsync(subject.Store, worker)).ShouldBeEmpty("nothing is left to do");
        (await subject.Store.Secrets.ReadAsync(newer.CaptureId, CancellationToken.None)).ShouldBeNull("nobody needs it");
    }

    [Fact]
    public async Task Append_without_events_removes_inbox_rows_and_still_checks_its_place()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
        var row = (await worker.InboxAsync()).ShouldHaveSingleItem();
        var wrong = IdentityState.Initial with { Sequence = 3 };

        (await subject.Store.Journal.AppendAsync(worker.Plan(row.Identity, wrong, [], [row.Sequence]), CancellationToken.None)).ShouldBe(AppendResult.Conflict);
        (await worker.InboxAsync()).Length.ShouldBe(1);
        (await subject.Store.Journal.AppendAsync(worker.Plan(row.Identity, IdentityState.Initial, [], [row.Sequence]), CancellationToken.None)).ShouldBe(AppendResult.Appended);
        (await worker.InboxAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Of_many_appends_at_one_place_one_is_written_and_the_others_conflict()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var identity = new IdentityId(Guid.NewGuid());
        var others = Enumerable.Range(0, 40).Select(_ => new IdentityId(Guid.NewGuid())).ToArray();

        var racing = Enumerable.Range(0, 20).Select(_ => AppendAsync(identity)).ToArray();
        var beside = others.Select(AppendAsync).ToArray();

        (await Task.WhenAll(racing)).Order().ShouldBe([AppendResult.Appended, .. Enumerable.Repeat(AppendResult.Conflict, 19)]);
        (await Task.WhenAll(beside)).ShouldAllBe(result => result == AppendResult.Appended);
        (await worker.LoadAsync(identity)).Sequence.ShouldBe(3);

        Task<AppendResult> AppendAsync(IdentityId one) => Task.Run(
            async () => await subject.Store.Journal.AppendAsync(worker.Plan(one, IdentityState.Initial, AcceptedAndQueued(), []), CancellationToken.None));
    }

    [Fact]
    public async Task Append_whose_parts_contradict_each_other_is_refused_and_harms_nobody()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var plan = worker.Plan(new IdentityId(Guid.NewGuid()), IdentityState.Initial, AcceptedAndQueued(), []);
        await Should.ThrowAsync<ArgumentException>(async () => await subject.Store.Journal.AppendAsync(plan with { Shard = (plan.Shard + 1) % 256 }, CancellationToken.None));
        await Should.ThrowAsync<ArgumentException>(async () => await subject.Store.Journal.AppendAsync(plan with { After = plan.Before }, CancellationToken.None));
        (await subject.Store.Journal.AppendAsync(plan, CancellationToken.None)).ShouldBe(AppendResult.Appended);
    }

    [Fact]
    public async Task State_is_the_same_with_a_snapshot_at_any_place()
    {
        await using var subject = await OpenAsync(new StoreSettings { SnapshotEvery = 4 });
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var identity = new IdentityId(Guid.NewGuid());
        var account = Samples.NewAccount();
        var state = IdentityState.Initial;
        for (var version = 1u; version <= 13; version++)
        {
            var decision = state.Decide(
                new IdentityCommand.DecideCapture(Samples.Start, Samples.ChangeOf(account, version), Worker.Points, OwnWrites.None), DecisionRules.Default);
            var plan = worker.Plan(identity, state, decision.Events, []);
            (await subject.Store.Journal.AppendAsync(plan, CancellationToken.None)).ShouldBe(AppendResult.Appended);
            state = plan.After;
            (await worker.LoadAsync(identity)).ShouldBeEquivalentTo(state);
        }

        (await EventsAsync(subject.Store, identity, from: 1)).Select(e => e.Sequence).ShouldBe(Enumerable.Range(1, (int)state.Sequence).Select(n => (long)n));
        (await EventsAsync(subject.Store, identity, from: state.Sequence)).ShouldHaveSingleItem();
        (await EventsAsync(subject.Store, identity, from: state.Sequence + 1)).ShouldBeEmpty();
    }

    private static ImmutableArray<IdentityEvent> AcceptedAndQueued()
    {
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        return
        [
            new IdentityEvent.PointAssigned(Samples.Start, Samples.Mail),
            new IdentityEvent.CaptureAccepted(Samples.Start, change),
            new IdentityEvent.DeliveryQueued(Samples.Start, Samples.Mail, change.CaptureId, Samples.Start),
        ];
    }

    private static async Task<List<JournalledEvent>> EventsAsync(IStore store, IdentityId identity, long from)
    {
        var events = new List<JournalledEvent>();
        await foreach (var journalled in store.Journal.ReadEventsAsync(identity, from, CancellationToken.None)) events.Add(journalled);
        return events;
    }

    private static async Task<ImmutableArray<PendingIdentity>> PendingAsync(IStore store, Worker worker) =>
        await store.PendingWork.ReadDueAsync([.. worker.Lease.Shards.Keys], DateTimeOffset.MaxValue, limit: 100, CancellationToken.None);
}
