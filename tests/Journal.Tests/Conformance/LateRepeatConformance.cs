using PasswordSync.Core.Decisions;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>A capture that is brought again after it was decided, with the real decider.</summary>
public abstract class LateRepeatConformance : StoreConformance
{
    [Fact]
    public async Task Late_repeat_of_a_decided_capture_is_known_and_its_secret_stays_for_the_pending_delivery()
    {
        await using var subject = await OpenAsync();
        var store = subject.Store;
        var worker = await Worker.StartAsync(store, Samples.Start);
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
        var row = (await worker.InboxAsync()).ShouldHaveSingleItem();
        await worker.DecideAsync(row);
        await worker.DeliverAsync(row.Identity, Samples.Mail, change.CaptureId);
        var decided = await worker.LoadAsync(row.Identity);

        var answer = await store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);

        answer.ShouldBe([AcceptResult.AlreadyHave]);
        (await worker.InboxAsync()).ShouldBeEmpty();
        (await worker.LoadAsync(row.Identity)).Sequence.ShouldBe(decided.Sequence);
        decided.NeedsSecret(change.CaptureId).ShouldBeTrue("the delivery to files is pending");
        (await store.Secrets.ReadAsync(change.CaptureId, CancellationToken.None))!.Value.ToArray().ShouldBe(Samples.EnvelopeOf(change));
    }

    [Fact]
    public async Task Repeat_after_the_id_was_forgotten_is_decided_as_duplicate_and_keeps_the_secret_of_a_pending_delivery()
    {
        await using var subject = await OpenAsync(new StoreSettings { AcceptedKeptFor = TimeSpan.FromDays(8) });
        var store = subject.Store;
        var worker = await Worker.StartAsync(store, Samples.Start);
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1, maximumAge: TimeSpan.FromDays(30));
        await store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
        var row = (await worker.InboxAsync()).ShouldHaveSingleItem();
        await worker.DecideAsync(row);
        await worker.DeliverAsync(row.Identity, Samples.Mail, change.CaptureId);
        subject.Time.Advance(TimeSpan.FromDays(9));
        await store.MaintainAsync(CancellationToken.None);

        var repeat = new Arrival.Confirmed(change, ["people"], new byte[] { 9, 9, 9 });
        (await store.Inbox.AcceptAsync([repeat], CancellationToken.None)).ShouldBe([AcceptResult.Accepted]);
        var (result, decision) = await worker.DecideAsync((await worker.InboxAsync()).ShouldHaveSingleItem());

        result.ShouldBe(AppendResult.Appended);
        decision.Events.ShouldHaveSingleItem().ShouldBeOfType<IdentityEvent.CaptureIgnored>().Reason.ShouldBe(IgnoreReason.Duplicate);
        (await worker.InboxAsync()).ShouldBeEmpty();
        var kept = await store.Secrets.ReadAsync(change.CaptureId, CancellationToken.None);
        kept.ShouldNotBeNull("the delivery to files is pending");
        kept.Value.ToArray().ShouldBe(Samples.EnvelopeOf(change), "the one that was there stays");
        await worker.DeliverAsync(row.Identity, Samples.Files, change.CaptureId);
        (await store.Secrets.ReadAsync(change.CaptureId, CancellationToken.None)).ShouldBeNull("nobody needs it any more");
    }

    [Fact]
    public async Task Repeat_after_everything_was_delivered_and_forgotten_leaves_no_secret_behind()
    {
        await using var subject = await OpenAsync(new StoreSettings { AcceptedKeptFor = TimeSpan.FromDays(8) });
        var store = subject.Store;
        var worker = await Worker.StartAsync(store, Samples.Start);
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1, maximumAge: TimeSpan.FromDays(30));
        await store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
        var row = (await worker.InboxAsync()).ShouldHaveSingleItem();
        await worker.DecideAsync(row);
        await worker.DeliverAsync(row.Identity, Samples.Mail, change.CaptureId);
        await worker.DeliverAsync(row.Identity, Samples.Files, change.CaptureId);
        subject.Time.Advance(TimeSpan.FromDays(9));
        await store.MaintainAsync(CancellationToken.None);

        await store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
        (await store.Secrets.ReadAsync(change.CaptureId, CancellationToken.None)).ShouldNotBeNull("it came back with the inbox row");
        var (_, decision) = await worker.DecideAsync((await worker.InboxAsync()).ShouldHaveSingleItem());

        decision.Events.ShouldHaveSingleItem().ShouldBeOfType<IdentityEvent.CaptureIgnored>();
        (await store.Secrets.ReadAsync(change.CaptureId, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Repeat_of_an_older_capture_after_many_newer_ones_is_told_by_its_stamp()
    {
        await using var subject = await OpenAsync(new StoreSettings { AcceptedKeptFor = TimeSpan.FromDays(8) });
        var store = subject.Store;
        var worker = await Worker.StartAsync(store, Samples.Start);
        var account = Samples.NewAccount();
        var first = Samples.ChangeOf(account, version: 1, maximumAge: TimeSpan.FromDays(30));
        await store.Inbox.AcceptAsync([Samples.Arrive(first)], CancellationToken.None);
        for (var version = 2u; version <= IdentityState.RecentCapturesMax + 2; version++)
        {
            await store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(account, version, maximumAge: TimeSpan.FromDays(30)))], CancellationToken.None);
        }

        foreach (var row in await worker.InboxAsync()) await worker.DecideAsync(row);
        subject.Time.Advance(TimeSpan.FromDays(9));
        await store.MaintainAsync(CancellationToken.None);
        await store.Inbox.AcceptAsync([Samples.Arrive(first)], CancellationToken.None);
        var (_, decision) = await worker.DecideAsync((await worker.InboxAsync()).ShouldHaveSingleItem());

        decision.Events.ShouldHaveSingleItem().ShouldBeOfType<IdentityEvent.CaptureIgnored>().Reason.ShouldBe(IgnoreReason.Older);
        (await store.Secrets.ReadAsync(first.CaptureId, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Ambiguous_captures_that_were_settled_leave_only_the_secret_of_the_one_that_is_delivered()
    {
        await using var subject = await OpenAsync();
        var store = subject.Store;
        var worker = await Worker.StartAsync(store, Samples.Start);
        var account = Samples.NewAccount();
        var (refused, committed) = (Samples.ChangeOf(account, version: 1), Samples.ChangeOf(account, version: 1));
        var arrival = new Arrival.Ambiguous([new Candidate(refused, Samples.EnvelopeOf(refused)), new Candidate(committed, Samples.EnvelopeOf(committed))], ["people"]);
        await store.Inbox.AcceptAsync([arrival], CancellationToken.None);
        var row = (await worker.InboxAsync()).ShouldHaveSingleItem();

        var state = await worker.LoadAsync(row.Identity);
        var decision = state.Decide(new IdentityCommand.DecideCapture(Samples.Start, committed, Worker.Points, row.OwnWrites), DecisionRules.Default);
        var plan = worker.Plan(row.Identity, state, decision.Events, [row.Sequence], refused.CaptureId, committed.CaptureId);
        (await store.Journal.AppendAsync(plan, CancellationToken.None)).ShouldBe(AppendResult.Appended);

        (await store.Secrets.ReadAsync(refused.CaptureId, CancellationToken.None)).ShouldBeNull();
        (await store.Secrets.ReadAsync(committed.CaptureId, CancellationToken.None)).ShouldNotBeNull();
        (await store.Inbox.AcceptAsync([arrival, Samples.Arrive(refused)], CancellationToken.None)).ShouldBe([AcceptResult.AlreadyHave, AcceptResult.AlreadyHave]);
    }
}
