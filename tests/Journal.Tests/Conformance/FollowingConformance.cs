using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>Appends that rest on others which are not known to be written yet.</summary>
public abstract class FollowingConformance : StoreConformance
{
    [Fact]
    public async Task Appends_that_rest_on_one_another_are_written_in_order_when_they_are_asked_for_at_once()
    {
        await using var subject = await OpenAsync(new StoreSettings { SnapshotEvery = 4 });
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        foreach (var _ in Enumerable.Range(0, 20))
        {
            var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
            await subject.Store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
            var row = (await worker.InboxAsync()).ShouldHaveSingleItem();
            var chain = new Chain(worker, row.Identity);

            chain.Add(new IdentityCommand.DecideCapture(Samples.Start, change, Worker.Points, OwnWrites.None), row.Sequence, change.CaptureId);
            foreach (var point in Worker.Points) chain.Add(Begin(point, change.CaptureId, AttemptAt(point)));
            chain.Add(new IdentityCommand.FinishAttempt(Samples.Start, Samples.Mail, AttemptAt(Samples.Mail), new DeliveryOutcome.RefusedByPolicy("too short"), Jitter: 0));
            chain.Add(new IdentityCommand.FinishAttempt(Samples.Start, Samples.Files, AttemptAt(Samples.Files), new DeliveryOutcome.Delivered(null, null), Jitter: 0));

            (await chain.AppendAllAsync(subject.Store)).ShouldAllBe(result => result == AppendResult.Appended);
            (await worker.LoadAsync(row.Identity)).ShouldBeEquivalentTo(chain.State);
            (await worker.InboxAsync()).ShouldBeEmpty();
            (await subject.Store.Secrets.ReadAsync(change.CaptureId, CancellationToken.None)).ShouldNotBeNull("the parked delivery needs it");
            (await PendingAsync(subject.Store, worker)).Count(pending => pending.Identity == row.Identity).ShouldBe(1);
            (await subject.Store.Operations.Queries.CountParkedAsync(CancellationToken.None)).ShouldHaveSingleItem();

            var rest = new Chain(worker, row.Identity, chain.State);
            rest.Add(new IdentityCommand.RetryDelivery(Samples.Start, Samples.Mail));
            rest.Add(Begin(Samples.Mail, change.CaptureId, row.Identity.Value));
            rest.Add(new IdentityCommand.FinishAttempt(Samples.Start, Samples.Mail, row.Identity.Value, new DeliveryOutcome.Delivered(null, null), Jitter: 0));

            (await rest.AppendAllAsync(subject.Store)).ShouldAllBe(result => result == AppendResult.Appended);
            (await worker.LoadAsync(row.Identity)).ShouldBeEquivalentTo(rest.State);
            (await PendingAsync(subject.Store, worker)).ShouldBeEmpty();
            (await subject.Store.Secrets.ReadAsync(change.CaptureId, CancellationToken.None)).ShouldBeNull();
            (await subject.Store.Operations.Queries.CountParkedAsync(CancellationToken.None)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task What_rests_on_an_append_that_was_not_written_is_not_written_though_its_place_is_free()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var identity = new IdentityId(Guid.NewGuid());
        var other = new Chain(worker, identity);
        other.Add(new IdentityCommand.DecideCapture(Samples.Start, Samples.ChangeOf(Samples.NewAccount(), version: 1), Worker.Points, OwnWrites.None));
        await other.AppendAllAsync(subject.Store);

        // As many events as the other one has: the numbers fit, the states do not.
        var chain = new Chain(worker, identity);
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        chain.Add(new IdentityCommand.DecideCapture(Samples.Start, change, Worker.Points, OwnWrites.None));
        chain.State.Sequence.ShouldBe(other.State.Sequence);
        foreach (var point in Worker.Points) chain.Add(Begin(point, change.CaptureId, AttemptAt(point)));

        (await chain.AppendAllAsync(subject.Store)).ShouldAllBe(result => result == AppendResult.Conflict);
        (await worker.LoadAsync(identity)).ShouldBeEquivalentTo(other.State);
    }

    [Fact]
    public async Task Pending_row_that_is_kept_stays_as_it_is()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var identity = new IdentityId(Guid.NewGuid());
        var plan = worker.Plan(identity, IdentityState.Initial, [], []) with { WakeUpAt = Samples.Start };
        await subject.Store.Journal.AppendAsync(plan, CancellationToken.None);

        await subject.Store.Journal.AppendAsync(plan with { WakeUpAt = Samples.Start.AddSeconds(5), KeepsPending = true }, CancellationToken.None);
        await subject.Store.Journal.AppendAsync(plan with { WakeUpAt = null, KeepsPending = true }, CancellationToken.None);

        (await PendingAsync(subject.Store, worker)).ShouldHaveSingleItem().DueAt.ShouldBe(Samples.Start);
    }

    private static Guid AttemptAt(SyncPointId point) => new(point == Samples.Mail ? 1 : 2, 0, 0, new byte[8]);

    private static IdentityCommand.BeginAttempt Begin(SyncPointId point, CaptureId capture, Guid attempt) =>
        new(Samples.Start, point, capture, attempt, Samples.Start.AddSeconds(20), new TargetAccount("key-of-ada", "ada", null), Baseline: null);

    private static async Task<IReadOnlyCollection<PendingIdentity>> PendingAsync(IStore store, Worker worker) =>
        await store.PendingWork.ReadDueAsync([.. worker.Lease.Shards.Keys], DateTimeOffset.MaxValue, limit: 1_000, CancellationToken.None);

    /// <summary>Decisions of one identity, each on the state after the one before, whether that is written or not.</summary>
    private sealed class Chain(Worker worker, IdentityId identity, IdentityState? state = null)
    {
        private readonly List<JournalAppend> appends = [];

        public IdentityState State { get; private set; } = state ?? IdentityState.Initial;

        public void Add(IdentityCommand command, long? row = null, params CaptureId[] considered)
        {
            var decision = State.Decide(command, DecisionRules.Default);
            decision.Refusal.ShouldBeNull();
            var plan = worker.Plan(identity, State, decision.Events, row is { } decided ? [decided] : [], considered);
            appends.Add(plan with { Follows = appends.LastOrDefault()?.Mark });
            State = plan.After;
        }

        public async Task<AppendResult[]> AppendAllAsync(IStore store) =>
            await Task.WhenAll(appends.Select(append => store.Journal.AppendAsync(append, CancellationToken.None).AsTask()).ToArray());
    }
}
