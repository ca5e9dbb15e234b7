using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>The inbox: nothing twice, nothing lost, one identity an account.</summary>
public abstract class InboxConformance : StoreConformance
{
    [Fact]
    public async Task Accepted_arrivals_of_every_kind_are_read_back_in_order_after_reopening()
    {
        await using var subject = await OpenAsync();
        var confirmed = Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1));
        var ambiguous = Ambiguous(Samples.NewAccount());
        var report = new Arrival.Report(Samples.NewCapture(), Samples.NewAccount(), CaptureVerdict.RefusedBySource, Samples.Start.AddSeconds(-1), Samples.Start);
        (await subject.Store.Inbox.AcceptAsync([confirmed, ambiguous, report], CancellationToken.None)).ShouldAllBe(result => result == AcceptResult.Accepted);

        await subject.ReopenAsync(new StoreSettings());

        var rows = await ReadAsync(subject.Store);
        rows.Select(row => row.Sequence).ShouldBe(rows.Select(row => row.Sequence).Order());
        rows.Select(row => row.Arrival.Id).ShouldBe([confirmed.Id, ambiguous.Id, report.Id]);
        var first = rows[0].Arrival.ShouldBeOfType<Arrival.Confirmed>();
        first.Change.ShouldBe(confirmed.Change);
        first.Scopes.ShouldBe(confirmed.Scopes);
        first.Envelope.Length.ShouldBe(0, "envelopes are in the secret store only");
        rows[1].Arrival.ShouldBeOfType<Arrival.Ambiguous>().Candidates.Select(candidate => candidate.Change).ShouldBe(ambiguous.Candidates.Select(candidate => candidate.Change));
        rows[2].Arrival.ShouldBe(report);
        rows.ShouldAllBe(row => row.Shard == row.Identity.Shard(subject.Store.Leases.ShardCount) && row.OwnWrites == OwnWrites.None);
    }

    [Fact]
    public async Task Repeat_in_the_same_batch_in_another_and_beside_it_is_accepted_once()
    {
        await using var subject = await OpenAsync();
        var arrival = Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1));
        var other = Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1));

        (await subject.Store.Inbox.AcceptAsync([arrival, other, arrival], CancellationToken.None))
            .ShouldBe([AcceptResult.Accepted, AcceptResult.Accepted, AcceptResult.AlreadyHave]);
        var beside = Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1));
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await subject.Store.Inbox.AcceptAsync([beside], CancellationToken.None))));

        answers.Select(answer => answer.Single()).Count(result => result == AcceptResult.Accepted).ShouldBe(1);
        (await ReadAsync(subject.Store)).Select(row => row.Arrival.Id).ShouldBe([arrival.Id, other.Id, beside.Id]);
    }

    [Fact]
    public async Task Known_ids_are_told_from_others_candidates_included()
    {
        await using var subject = await OpenAsync();
        var arrival = Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1));
        var ambiguous = Ambiguous(Samples.NewAccount());
        await subject.Store.Inbox.AcceptAsync([arrival, ambiguous], CancellationToken.None);

        var known = ambiguous.Candidates.Select(candidate => candidate.Change.CaptureId).Append(arrival.Id).ToList();
        (await subject.Store.Inbox.FindKnownAsync([.. known, Samples.NewCapture()], CancellationToken.None)).ShouldBe(known, ignoreOrder: true);
        (await subject.Store.Inbox.FindKnownAsync([], CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Open_work_is_counted()
    {
        await using var subject = await OpenAsync();
        (await subject.Store.CountOpenWorkAsync(CancellationToken.None)).ShouldBe(new OpenWork(0, 0, 0));
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var decided = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(decided)], CancellationToken.None);
        await worker.DecideAsync((await worker.InboxAsync()).ShouldHaveSingleItem());
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1)), Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1))], CancellationToken.None);
        await subject.Store.Accounts.OpenIntentAsync(Samples.NewAccount(), Guid.NewGuid(), Samples.Start.AddSeconds(20), CancellationToken.None);

        (await subject.Store.CountOpenWorkAsync(CancellationToken.None)).ShouldBe(new OpenWork(UndecidedArrivals: 2, PendingIdentities: 1, OpenIntents: 1));
    }

    [Fact]
    public async Task Repeat_does_not_touch_the_secret()
    {
        await using var subject = await OpenAsync();
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
        await subject.Store.Inbox.AcceptAsync([new Arrival.Confirmed(change, [], new byte[] { 9, 9, 9 })], CancellationToken.None);
        (await subject.Store.Secrets.ReadAsync(change.CaptureId, CancellationToken.None))!.Value.ToArray().ShouldBe(Samples.EnvelopeOf(change));
    }

    [Fact]
    public async Task All_candidates_of_an_ambiguous_arrival_are_known_and_keep_their_secrets()
    {
        await using var subject = await OpenAsync();
        var account = Samples.NewAccount();
        var ambiguous = Ambiguous(account);
        await subject.Store.Inbox.AcceptAsync([ambiguous], CancellationToken.None);

        foreach (var candidate in ambiguous.Candidates)
        {
            (await subject.Store.Inbox.AcceptAsync([Samples.Arrive(candidate.Change)], CancellationToken.None)).ShouldBe([AcceptResult.AlreadyHave]);
            (await subject.Store.Secrets.ReadAsync(candidate.Change.CaptureId, CancellationToken.None))!.Value.ToArray().ShouldBe(candidate.Envelope.ToArray());
        }
    }

    [Fact]
    public async Task Account_seen_for_the_first_time_by_many_at_once_gets_one_identity()
    {
        await using var subject = await OpenAsync();
        var account = Samples.NewAccount();
        await Task.WhenAll(Enumerable.Range(1, 16).Select(version => Task.Run(
            async () => await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(account, (uint)version))], CancellationToken.None))));

        var identity = (await ReadAsync(subject.Store)).Select(row => row.Identity).Distinct().ShouldHaveSingleItem();
        (await subject.Store.Accounts.FindIdentityAsync(account, CancellationToken.None)).ShouldBe(identity);
    }

    [Fact]
    public async Task Reading_gives_only_the_shards_asked_for_without_what_is_excepted_and_up_to_the_limit()
    {
        var values = new Queue<Guid>(Enumerable.Range(0, 400).Select(_ => Guid.NewGuid()));
        await using var subject = await OpenAsync(new StoreSettings { NewIdentityValue = values.Dequeue });
        var arrivals = Enumerable.Range(0, 100).Select(_ => Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1))).ToArray();
        await subject.Store.Inbox.AcceptAsync(arrivals, CancellationToken.None);
        var all = await ReadAsync(subject.Store);
        int[] half = [.. Enumerable.Range(0, 128)];
        var except = all.Take(10).Select(row => row.Sequence).ToImmutableHashSet();

        var some = await subject.Store.Inbox.ReadAsync(half, except, limit: 20, CancellationToken.None);

        all.Length.ShouldBe(100);
        some.Select(row => row.Sequence).ShouldBe(all.Where(row => row.Shard < 128 && !except.Contains(row.Sequence)).Take(20).Select(row => row.Sequence));
        (await subject.Store.Inbox.ReadAsync([], except, limit: 20, CancellationToken.None)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("confirmed.2", "{\"next\":true}")]
    [InlineData("confirmed.1", "{\"change\":7}")]
    public async Task Rows_that_cannot_be_read_take_no_place_of_others(string kind, string body)
    {
        await using var subject = await OpenAsync();
        var arrivals = Enumerable.Range(0, 8).Select(_ => Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1))).ToArray();
        await subject.Store.Inbox.AcceptAsync(arrivals, CancellationToken.None);
        var all = await ReadAsync(subject.Store);
        foreach (var row in (int[])[0, 1, 2, 4, 6]) await subject.RewriteInboxAsync(all[row].Sequence, kind, body);

        (await ReadAsync(subject.Store, [], limit: 1)).ShouldBe([all[3].Sequence]);
        (await ReadAsync(subject.Store, [], limit: 2)).ShouldBe([all[3].Sequence, all[5].Sequence]);
        (await ReadAsync(subject.Store, [all[3].Sequence], limit: 2)).ShouldBe([all[5].Sequence, all[7].Sequence]);
        (await ReadAsync(subject.Store, [], limit: 4)).ShouldBe([all[3].Sequence, all[5].Sequence, all[7].Sequence]);
        (await subject.Store.CountOpenWorkAsync(CancellationToken.None)).UndecidedArrivals.ShouldBe(8, "they stay for a version that reads them");
    }

    [Fact]
    public async Task Sequence_number_of_a_decided_row_is_never_given_again()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1))], CancellationToken.None);
        var first = (await worker.InboxAsync()).ShouldHaveSingleItem();
        await worker.DecideAsync(first);
        await subject.ReopenAsync(new StoreSettings());
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1))], CancellationToken.None);
        (await ReadAsync(subject.Store)).ShouldHaveSingleItem().Sequence.ShouldBeGreaterThan(first.Sequence);
    }

    [Fact]
    public async Task Nothing_and_too_much_at_once_are_answered_as_documented()
    {
        await using var subject = await OpenAsync();
        (await subject.Store.Inbox.AcceptAsync([], CancellationToken.None)).ShouldBeEmpty();
        var one = Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1));
        var tooMany = Enumerable.Repeat(one, IInbox.ArrivalsMax + 1).ToArray();
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await subject.Store.Inbox.AcceptAsync(tooMany, CancellationToken.None));
    }

    [Fact]
    public async Task Waiting_ends_with_an_arrival_also_with_one_that_came_before()
    {
        await using var subject = await OpenAsync();
        var waiting = subject.Store.Inbox.WaitForArrivalsAsync(TimeSpan.FromHours(1), CancellationToken.None);
        waiting.IsCompleted.ShouldBeFalse();
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1))], CancellationToken.None);
        await waiting;

        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1))], CancellationToken.None);
        await subject.Store.Inbox.WaitForArrivalsAsync(TimeSpan.FromHours(1), CancellationToken.None);
    }

    [Fact]
    public async Task Waiting_ends_after_its_time_and_when_it_is_cancelled()
    {
        await using var subject = await OpenAsync();
        var waiting = subject.Store.Inbox.WaitForArrivalsAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
        waiting.IsCompleted.ShouldBeFalse();
        subject.Time.Advance(TimeSpan.FromSeconds(5));
        await waiting;

        using var cancelling = new CancellationTokenSource();
        var cancelled = subject.Store.Inbox.WaitForArrivalsAsync(TimeSpan.FromSeconds(5), cancelling.Token);
        await cancelling.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => cancelled);
    }

    private static Arrival.Ambiguous Ambiguous(AccountId account)
    {
        var changes = new[] { Samples.ChangeOf(account, version: 5), Samples.ChangeOf(account, version: 5) };
        return new Arrival.Ambiguous([.. changes.Select(change => new Candidate(change, Samples.EnvelopeOf(change)))], ["people"]);
    }

    private static async Task<ImmutableArray<InboxRow>> ReadAsync(IStore store) =>
        await store.Inbox.ReadAsync(Shards(store), ImmutableHashSet<long>.Empty, limit: 1_000, CancellationToken.None);

    private static async Task<IEnumerable<long>> ReadAsync(IStore store, ImmutableHashSet<long> except, int limit) =>
        from row in await store.Inbox.ReadAsync(Shards(store), except, limit, CancellationToken.None) select row.Sequence;

    private static int[] Shards(IStore store) => [.. Enumerable.Range(0, store.Leases.ShardCount)];
}
