using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>What is kept how long (I7), and that nothing needed goes.</summary>
public abstract class RetentionConformance : StoreConformance
{
    [Fact]
    public async Task Events_beyond_the_number_kept_go_and_the_state_stays()
    {
        await using var subject = await OpenAsync(new StoreSettings { SnapshotEvery = 10, EventsKeptMax = 20 });
        var (identity, state) = await FillAsync(subject.Store, captures: 60, at: Samples.Start);

        var kept = await SequencesAsync(subject.Store, identity);

        kept.Count.ShouldBeInRange(20, 20 + 10 + 5, "the number kept, and what came since the last snapshot");
        kept.ShouldBe(Enumerable.Range((int)kept[0], kept.Count).Select(n => (long)n), "the last ones, without a gap");
        kept[^1].ShouldBe(state.Sequence);
        (await subject.Store.Journal.LoadAsync(identity, CancellationToken.None)).ShouldBeEquivalentTo(state);
    }

    [Fact]
    public async Task Old_events_go_in_the_background_after_a_snapshot_covers_them()
    {
        await using var subject = await OpenAsync(new StoreSettings { EventsKeptFor = TimeSpan.FromDays(30) });
        var (few, fewState) = await FillAsync(subject.Store, captures: 2, at: Samples.Start);
        var (many, manyState) = await FillAsync(subject.Store, captures: 200, at: Samples.Start);
        subject.Time.Advance(TimeSpan.FromDays(29));
        var (young, youngState) = await FillAsync(subject.Store, captures: 3, at: Samples.Start.AddDays(29));
        await subject.Store.MaintainAsync(CancellationToken.None);
        (await SequencesAsync(subject.Store, few)).Count.ShouldBe((int)fewState.Sequence, "not old enough");

        subject.Time.Advance(TimeSpan.FromDays(2));
        await subject.Store.MaintainAsync(CancellationToken.None);

        (await SequencesAsync(subject.Store, few)).ShouldBeEmpty();
        (await SequencesAsync(subject.Store, many)).ShouldBeEmpty();
        (await SequencesAsync(subject.Store, young)).Count.ShouldBe((int)youngState.Sequence);
        (await subject.Store.Journal.LoadAsync(few, CancellationToken.None)).ShouldBeEquivalentTo(fewState);
        (await subject.Store.Journal.LoadAsync(many, CancellationToken.None)).ShouldBeEquivalentTo(manyState);
        (await subject.Store.Journal.LoadAsync(young, CancellationToken.None)).ShouldBeEquivalentTo(youngState);
    }

    [Fact]
    public async Task Identity_whose_events_all_went_goes_on_at_its_place()
    {
        await using var subject = await OpenAsync(new StoreSettings { EventsKeptFor = TimeSpan.FromDays(1) });
        var (identity, state) = await FillAsync(subject.Store, captures: 2, at: Samples.Start);
        subject.Time.Advance(TimeSpan.FromDays(2));
        await subject.Store.MaintainAsync(CancellationToken.None);
        (await SequencesAsync(subject.Store, identity)).ShouldBeEmpty();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);

        var stale = worker.Plan(identity, IdentityState.Initial, [new IdentityEvent.PointAssigned(Samples.Start, Samples.Mail)], []);
        (await subject.Store.Journal.AppendAsync(stale, CancellationToken.None)).ShouldBe(AppendResult.Conflict);
        var next = worker.Plan(identity, state, [Samples.Report(Samples.Start.AddDays(2))], []);
        (await subject.Store.Journal.AppendAsync(next, CancellationToken.None)).ShouldBe(AppendResult.Appended);
        (await worker.LoadAsync(identity)).ShouldBeEquivalentTo(next.After);
    }

    [Fact]
    public async Task Accepted_ids_are_kept_as_long_as_set_and_no_longer()
    {
        await using var subject = await OpenAsync(new StoreSettings { AcceptedKeptFor = TimeSpan.FromDays(8) });
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);

        subject.Time.Advance(TimeSpan.FromDays(8));
        await subject.Store.MaintainAsync(CancellationToken.None);
        (await subject.Store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None)).ShouldBe([AcceptResult.AlreadyHave]);
        subject.Time.Advance(TimeSpan.FromSeconds(1));
        await subject.Store.MaintainAsync(CancellationToken.None);
        (await subject.Store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None)).ShouldBe([AcceptResult.Accepted]);
    }

    private static async Task<(IdentityId Identity, IdentityState State)> FillAsync(IStore store, uint captures, DateTimeOffset at)
    {
        var worker = await Worker.StartAsync(store, at);
        var identity = new IdentityId(Guid.NewGuid());
        var account = Samples.NewAccount();
        var state = IdentityState.Initial;
        for (var version = 1u; version <= captures; version++)
        {
            var command = new IdentityCommand.DecideCapture(at, Samples.ChangeOf(account, version, at), Worker.Points, OwnWrites.None);
            var plan = worker.Plan(identity, state, state.Decide(command, DecisionRules.Default).Events, []);
            (await store.Journal.AppendAsync(plan, CancellationToken.None)).ShouldBe(AppendResult.Appended);
            state = plan.After;
        }

        return (identity, state);
    }

    private static async Task<List<long>> SequencesAsync(IStore store, IdentityId identity)
    {
        var sequences = new List<long>();
        await foreach (var journalled in store.Journal.ReadEventsAsync(identity, fromSequence: 1, CancellationToken.None)) sequences.Add(journalled.Sequence);
        return sequences;
    }
}
