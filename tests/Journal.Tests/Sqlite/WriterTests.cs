using System.Collections.Concurrent;
using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Tests.Conformance;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Sqlite;

/// <summary>The group commit: who shares one, who fails alone, what is bounded.</summary>
public sealed class WriterTests
{
    [Fact]
    public async Task What_waits_while_a_commit_is_made_shares_the_next_one()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        using var gate = new WriterGate(subject);
        var first = AcceptAsync(subject);
        await gate.Reached;
        var waiting = Enumerable.Range(0, 100).Select(_ => AcceptAsync(subject)).ToArray();
        gate.Open();

        await first;
        await Task.WhenAll(waiting);

        gate.Commits.ShouldBe(2);
    }

    [Fact]
    public async Task Commit_takes_no_more_than_its_bound()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        await subject.ReopenAsync(subject.OptionsOf(new StoreSettings()) with { CommitOperationsMax = 10 });
        using var gate = new WriterGate(subject);
        var first = AcceptAsync(subject);
        await gate.Reached;
        var waiting = Enumerable.Range(0, 30).Select(_ => AcceptAsync(subject)).ToArray();
        gate.Open();

        await first;
        await Task.WhenAll(waiting);

        gate.Commits.ShouldBe(4);
    }

    [Fact]
    public async Task Operation_that_cannot_be_done_fails_alone()
    {
        var bad = false;
        await using var subject = await SqliteStoreUnderTest.OpenAsync(
            new StoreSettings { NewIdentityValue = () => Volatile.Read(ref bad) ? throw new InvalidOperationException("A bug.") : Guid.NewGuid() });
        var known = Samples.NewAccount();
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(known, version: 1))], CancellationToken.None);
        using var gate = new WriterGate(subject);
        var first = subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(known, version: 2))], CancellationToken.None).AsTask();
        await gate.Reached;
        Volatile.Write(ref bad, true);
        var good = Enumerable.Range(3, 5).Select(
            version => subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(known, (uint)version))], CancellationToken.None).AsTask()).ToArray();
        var failing = subject.Store.Inbox.AcceptAsync(
            [Samples.Arrive(Samples.ChangeOf(known, version: 50)), Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1))], CancellationToken.None).AsTask();
        var after = subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(known, version: 60))], CancellationToken.None).AsTask();
        gate.Open();

        (await Should.ThrowAsync<InvalidOperationException>(() => failing)).Message.ShouldBe("A bug.");
        (await first).ShouldBe([AcceptResult.Accepted]);
        (await Task.WhenAll(good)).ShouldAllBe(results => results.Single() == AcceptResult.Accepted);
        (await after).ShouldBe([AcceptResult.Accepted]);
        var rows = await (await Worker.StartAsync(subject.Store, Samples.Start)).InboxAsync();
        rows.Select(row => ((Arrival.Confirmed)row.Arrival).Change.Stamp.Version).ShouldBe([1u, 2u, 3u, 4u, 5u, 6u, 7u, 60u], "of the failing batch nothing was written");
    }

    [Fact]
    public async Task Fenced_and_conflicting_appends_share_a_commit_with_good_ones_and_learn_their_own_result()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        using var gate = new WriterGate(subject);
        var first = AcceptAsync(subject);
        await gate.Reached;
        var plans = Enumerable.Range(0, 9).Select(_ => worker.Plan(
            new IdentityId(Guid.NewGuid()), IdentityState.Initial, [new IdentityEvent.PointAssigned(Samples.Start, Samples.Mail)], [])).ToArray();
        plans[3] = plans[3] with { Epoch = plans[3].Epoch - 1 };
        plans[6] = worker.Plan(plans[6].Identity, IdentityState.Initial with { Sequence = 5 }, plans[6].Events, []);
        var appends = plans.Select(plan => subject.Store.Journal.AppendAsync(plan, CancellationToken.None).AsTask()).ToArray();
        gate.Open();

        await first;
        var results = await Task.WhenAll(appends);

        results.Select((result, i) => (result, i)).Where(pair => pair.result != AppendResult.Appended).ShouldBe([(AppendResult.Fenced, 3), (AppendResult.Conflict, 6)]);
        gate.Commits.ShouldBe(2);
    }

    [Fact]
    public async Task Full_queue_makes_callers_wait_and_heeds_their_cancellation()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        await subject.ReopenAsync(subject.OptionsOf(new StoreSettings()) with { WriteQueueMax = 2 });
        using var gate = new WriterGate(subject);
        var first = AcceptAsync(subject);
        await gate.Reached;
        var queued = new[] { AcceptAsync(subject), AcceptAsync(subject) };
        using var cancelling = new CancellationTokenSource();
        var waiting = AcceptAsync(subject, cancelling.Token);

        await cancelling.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => waiting);
        gate.Open();

        await first;
        await Task.WhenAll(queued);
        (await (await Worker.StartAsync(subject.Store, Samples.Start)).InboxAsync()).Length.ShouldBe(3, "the cancelled one was not written");
    }

    [Fact]
    public async Task Closing_does_what_was_asked_for_before_and_refuses_what_comes_after()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var store = subject.Store;
        using var gate = new WriterGate(subject);
        var first = AcceptAsync(subject);
        await gate.Reached;
        var queued = Enumerable.Range(0, 10).Select(_ => AcceptAsync(subject)).ToArray();
        var closing = subject.CloseAsync();
        gate.Open();

        await closing;
        await first;
        await Task.WhenAll(queued);

        await Should.ThrowAsync<ObjectDisposedException>(async () => await store.Configurations.PublishAsync("{}", Samples.Start, CancellationToken.None));
        await Should.ThrowAsync<ObjectDisposedException>(async () => await store.Edges.ListAsync(CancellationToken.None));
        await subject.ReopenAsync(new StoreSettings());
        (await (await Worker.StartAsync(subject.Store, Samples.Start)).InboxAsync()).Length.ShouldBe(11);
    }

    private static Task<ImmutableArray<AcceptResult>> AcceptAsync(SqliteStoreUnderTest subject, CancellationToken cancellationToken = default) =>
        subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1))], cancellationToken).AsTask();

    /// <summary>Holds the writer before its first commit until it is opened, and counts commits.</summary>
    private sealed class WriterGate : IDisposable
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim opened = new();
        private readonly ConcurrentQueue<CommitStage> stages = new();

        public WriterGate(SqliteStoreUnderTest subject) => subject.Interpose = Pass;

        public Task Reached => reached.Task;

        public int Commits => stages.Count(stage => stage == CommitStage.AfterCommit);

        public void Open() => opened.Set();

        public void Dispose() => opened.Dispose();

        private void Pass(CommitStage stage)
        {
            stages.Enqueue(stage);
            if (stage != CommitStage.BeforeCommit || opened.IsSet) return;
            reached.TrySetResult();
            opened.Wait();
        }
    }
}
