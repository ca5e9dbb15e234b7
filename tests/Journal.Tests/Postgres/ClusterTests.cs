using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Tests.Conformance;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>Several nodes on one real database (I4): shares, take-over, hand-over, and what a node does that was stopped.</summary>
public sealed class ClusterTests(LabServers servers) : IAsyncLifetime
{
    private readonly string schema = $"t{Guid.NewGuid():N}";
    private readonly List<Member> members = [];

    // Longer than a busy machine keeps a node waiting; tests of heartbeats that run out have a shorter one.
    private TimeSpan expiry = TimeSpan.FromMinutes(2);
    private PostgresServer server = null!;

    private static readonly TimeSpan ShortExpiry = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Bound = Patience.Bound;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await servers.PostgresAsync(Token);

    public async ValueTask DisposeAsync()
    {
        foreach (var member in members) await member.Store.DisposeAsync();
    }

    [Fact(Timeout = 600_000)]
    public async Task Nodes_that_join_one_after_the_other_end_with_equal_shares_and_one_owner_for_each_shard()
    {
        var all = new[] { await JoinAsync("a"), await JoinAsync("b"), await JoinAsync("c") };

        await SettleAsync(all, () => all.Select(member => member.Owned.Count).Order().SequenceEqual([85, 85, 86]));

        all.SelectMany(member => member.Owned.Keys).Order().ShouldBe(Enumerable.Range(0, 256), "each shard once");
        var listed = await all[0].Store.Members.ListAsync(Token);
        listed.Select(member => (member.Node.Name, member.IsAlive)).ShouldBe([("a", true), ("b", true), ("c", true)]);
        listed.Select(member => member.Shards).ShouldBe(all.Select(member => member.Owned.Count));
    }

    [Fact(Timeout = 600_000)]
    public async Task Node_that_leaves_hands_its_shards_over_at_once()
    {
        var (a, b, c) = (await JoinAsync("a"), await JoinAsync("b"), await JoinAsync("c"));
        await SettleAsync([a, b, c], () => a.Owned.Count + b.Owned.Count + c.Owned.Count == 256 && c.Owned.Count == 85);
        await c.Store.Leases.ReleaseAsync(c.Node, Token);

        foreach (var node in new[] { b, a, b }) await node.KeepForSureAsync();
        (a.Owned.Count, b.Owned.Count).ShouldBe((128, 128), "nobody waits for a node that left");
    }

    [Fact(Timeout = 600_000)]
    public async Task I4_a_frozen_node_that_is_taken_down_is_fenced_off_at_once_and_counts_as_living_when_it_wakes_up()
    {
        var (a, b) = (await JoinAsync("a"), await JoinAsync("b"));
        await SettleAsync([a, b], () => a.Owned.Count == 128 && b.Owned.Count == 128);
        var worker = await Worker.StartAsync(b.Store, Samples.Start, b.Node);
        var plans = Enumerable.Range(0, 64).Select(_ => new IdentityId(Guid.NewGuid())).Where(identity => b.Owned.ContainsKey(identity.Shard(256)))
            .Select(identity => worker.Plan(identity, IdentityState.Initial, [Samples.Report(Samples.Start)], [])).ToArray();
        plans.ShouldNotBeEmpty();

        (await a.Store.Members.DownAsync(b.Node, Token)).ShouldBe(128);

        (await a.Store.Members.ListAsync(Token)).Single(member => member.Node == b.Node).HasLeft.ShouldBeTrue();
        (await Task.WhenAll(plans.Select(plan => Task.Run(async () => await AppendAsync(plan))))).ShouldAllBe(result => result == AppendResult.Fenced);
        var watch = Stopwatch.StartNew();
        await SettleAsync([a], () => a.Owned.Count == 256);
        watch.Elapsed.ShouldBeLessThan(expiry, "nobody waits for the expiry of a node that was taken down");
        (await a.Store.Members.DownAsync(b.Node, Token)).ShouldBe(0, "it has none");
        await SettleAsync([a, b], () => a.Owned.Count == 128 && b.Owned.Count == 128);
        (await a.Store.Members.ListAsync(Token)).ShouldAllBe(member => member.IsAlive && !member.HasLeft);

        // The sessions of a node that is taken down are ended: what it says next may find a broken one first.
        async Task<AppendResult> AppendAsync(JournalAppend plan)
        {
            while (true)
            {
                try
                {
                    return await b.Store.Journal.AppendAsync(plan, Token);
                }
                catch (StorageUnavailableException)
                {
                    Token.ThrowIfCancellationRequested();
                }
            }
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Lease_ends_by_the_nodes_own_clock_before_anybody_takes_over_and_who_does_has_later_epochs()
    {
        expiry = ShortExpiry;
        var (a, b) = (await JoinAsync("a"), await JoinAsync("b"));

        // Nobody but b could take anything from a, and b asks for nothing after this, however long the machine lets them wait.
        await SettleAsync([b, a], () => !a.Owned.IsEmpty);
        var asked = Stopwatch.StartNew();
        var (validUntil, validFor) = await a.KeepForSureAsync(asked);
        var before = a.Owned;
        validFor.ShouldBeLessThan(expiry);
        before.ShouldNotBeEmpty();

        await SettleAsync([b], () => b.Owned.Count == 256);

        asked.Elapsed.ShouldBeGreaterThan(validUntil, "its last heartbeat still counted");
        before.ShouldAllBe(shard => b.Owned[shard.Key] > shard.Value);
    }

    [Fact(Timeout = 600_000)]
    public async Task Append_of_a_former_owner_is_fenced_off_and_those_beside_it_in_the_same_commit_are_written()
    {
        var a = await JoinAsync("a");
        var worker = await Worker.StartAsync(a.Store, Samples.Start, a.Node);
        var identities = Enumerable.Range(0, 64).Select(_ => new IdentityId(Guid.NewGuid())).ToArray();
        var plans = identities.Select(identity => worker.Plan(identity, IdentityState.Initial, [Samples.Report(Samples.Start)], [])).ToArray();
        await a.Store.Leases.ReleaseAsync(a.Node, [.. Enumerable.Range(0, 128)], Token);

        var results = await Task.WhenAll(plans.Select(plan => Task.Run(async () => await a.Store.Journal.AppendAsync(plan, Token))));

        results.ShouldBe(plans.Select(plan => plan.Shard < 128 ? AppendResult.Fenced : AppendResult.Appended));
    }

    [Fact(Timeout = 600_000)]
    public async Task Client_that_was_stopped_inside_a_transaction_does_not_hold_up_the_take_over()
    {
        expiry = ShortExpiry;
        var a = await JoinAsync("a");
        await SettleAsync([a], () => a.Owned.Count == 256);
        var sessions = await server.RunSqlAsync($"SELECT sessions FROM {schema}.node WHERE name = 'a'", Token);
        using var stopped = Process.Start(server.ClientThatStopsItself(sessions, $"BEGIN; SELECT count(*) FROM (SELECT FROM {schema}.shard ORDER BY shard_id FOR SHARE) AS held;"))!;
        try
        {
            await Eventually.HoldsAsync("a stopped client with all shards locked", Bound, async token =>
                await server.RunSqlAsync($"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{sessions}' AND state = 'idle in transaction'", token) == "1", Token);
            var b = await JoinAsync("b");

            // Nothing but the take-over ends the client, which would hold its locks for ever.
            await SettleAsync([b], () => b.Owned.Count == 256);
        }
        finally
        {
            stopped.Kill(entireProcessTree: true);
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Second_process_of_the_same_name_takes_over_and_the_first_owns_nothing_more()
    {
        var first = await JoinAsync("a");
        await SettleAsync([first], () => first.Owned.Count == 256);

        var second = await JoinAsync("a");

        second.Owned.Count.ShouldBe(256);
        await SettleAsync([first], () => first.Owned.IsEmpty);
        await second.KeepAsync();
        second.Owned.Count.ShouldBe(256);
    }

    [Fact(Timeout = 600_000)]
    public async Task Same_capture_brought_to_two_nodes_at_once_is_accepted_once_and_its_account_has_one_identity()
    {
        var (a, b) = (await JoinAsync("a"), await JoinAsync("b"));
        var account = Samples.NewAccount();
        var arrivals = Enumerable.Range(1, 50).Select(version => Samples.Arrive(Samples.ChangeOf(account, (uint)version))).ToArray();

        var answers = await Task.WhenAll(arrivals.SelectMany(arrival => new[] { a, b }.Select(node => Task.Run(async () => (await node.Store.Inbox.AcceptAsync([arrival], Token)).Single()))));

        answers.Count(answer => answer == AcceptResult.Accepted).ShouldBe(50);
        var rows = await a.Store.Inbox.ReadAsync([.. Enumerable.Range(0, 256)], ImmutableHashSet<long>.Empty, 1_000, Token);
        rows.Select(row => row.Arrival.Id).Order(Comparer<Core.Captures.CaptureId>.Create((x, y) => x.Value.CompareTo(y.Value)))
            .ShouldBe(arrivals.Select(arrival => arrival.Id).Order(Comparer<Core.Captures.CaptureId>.Create((x, y) => x.Value.CompareTo(y.Value))));
        rows.Select(row => row.Identity).Distinct().ShouldHaveSingleItem();
    }

    [Fact(Timeout = 600_000)]
    public async Task Owner_hears_at_once_of_a_capture_that_another_node_accepted()
    {
        var (a, b) = (await JoinAsync("a"), await JoinAsync("b"));
        await SettleAsync([a, b], () => a.Owned.Count == 128 && b.Owned.Count == 128);
        var woken = b.Store.Inbox.WaitForArrivalsAsync(TimeSpan.FromMinutes(5), Token);

        // Some of them are b's.
        await Eventually.HoldsAsync("a notification", Bound, async token =>
        {
            await a.Store.Inbox.AcceptAsync([.. Enumerable.Range(0, 32).Select(_ => Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), 1)))], token);
            return woken.IsCompletedSuccessfully;
        }, Token);
    }

    [Theory(Timeout = 600_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Others_hear_at_once_of_shards_that_a_node_gives_back(bool isAll)
    {
        var (a, b) = (await JoinAsync("a"), await JoinAsync("b"));
        await SettleAsync([a, b], () => a.Owned.Count == 128 && b.Owned.Count == 128);

        // Whoever has just come may not listen yet, and hears of nothing then.
        var heard = b.Store.Leases.WaitForReleasesAsync(TimeSpan.FromMinutes(5), Token);
        await Eventually.HoldsAsync("a notification", Bound, async token =>
        {
            if (isAll) await a.Store.Leases.ReleaseAsync(a.Node, token);
            else await a.Store.Leases.ReleaseAsync(a.Node, [a.Owned.Keys.First()], token);
            return heard.IsCompletedSuccessfully;
        }, Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task Appends_whose_connections_break_are_there_or_not_and_the_journal_goes_on_from_what_is_there()
    {
        var a = await JoinAsync("a");
        var worker = await Worker.StartAsync(a.Store, Samples.Start, a.Node);
        using var enough = new CancellationTokenSource();
        var broken = 0;
        var workers = Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            var identity = new IdentityId(Guid.NewGuid());
            var sure = 0L;
            while (!enough.IsCancellationRequested || sure == 0)
            {
                try
                {
                    var state = await worker.LoadAsync(identity);
                    state.Sequence.ShouldBeGreaterThanOrEqualTo(sure, "what was answered is there");
                    var result = await a.Store.Journal.AppendAsync(worker.Plan(identity, state, [Samples.Report(Samples.Start)], []), Token);
                    if (result == AppendResult.Appended) sure = state.Sequence + 1;
                    result.ShouldNotBe(AppendResult.Fenced);
                }
                catch (StorageUnavailableException)
                {
                    Interlocked.Increment(ref broken);
                }
            }

            return (identity, sure);
        }, Token)).ToArray();

        await Eventually.HoldsAsync("broken appends", Bound, async token =>
        {
            await server.RunSqlAsync(
                $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = (SELECT sessions FROM {schema}.node) AND state = 'active' AND query LIKE 'WITH held%'", token);
            return Volatile.Read(ref broken) >= 20;
        }, Token);
        await enough.CancelAsync();
        foreach (var (identity, sure) in await Task.WhenAll(workers)) (await worker.LoadAsync(identity)).Sequence.ShouldBeGreaterThanOrEqualTo(sure);
    }

    [Fact(Timeout = 600_000)]
    public async Task Node_that_is_about_to_leave_gives_its_shards_to_the_others_one_by_one_and_keeps_what_it_has_not_given()
    {
        var (a, b) = (await JoinAsync("a"), await JoinAsync("b"));
        await SettleAsync([a, b], () => (a.Owned.Count, b.Owned.Count) == (128, 128));

        var leaving = await b.Store.Leases.KeepAsync(b.Node, isLeaving: true, Token);
        leaving.Shards.Keys.ShouldBe(leaving.Surplus, "all it has is to be given back");
        await a.KeepAsync();
        a.Owned.Count.ShouldBe(128, "what it has not given back is its own as long as it lives");

        var first = leaving.Surplus.Take(100).ToArray();
        await b.Store.Leases.ReleaseAsync(b.Node, first, Token);
        await a.KeepAsync();
        first.ShouldBeSubsetOf(a.Owned.Keys);
        a.Owned.Count.ShouldBe(228, "nobody waits until it is gone");
        (await b.Store.Leases.KeepAsync(b.Node, isLeaving: true, Token)).Surplus.Length.ShouldBe(28, "it takes nothing back");

        (await b.Store.Leases.KeepAsync(b.Node, isLeaving: false, Token)).Surplus.ShouldBeEmpty("it stays after all");
        await SettleAsync([a, b], () => (a.Owned.Count, b.Owned.Count) == (128, 128));
    }

    private async Task<Member> JoinAsync(string name)
    {
        var options = new PostgresStoreOptions
        {
            ConnectionString = server.ConnectionStringWithoutPassword,
            Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword),
            Schema = schema,
            NodeName = name,
            Heartbeat = expiry / 4,
        };
        var member = new Member(await PostgresStore.OpenAsync(options.Patient() with { Expiry = expiry }, TimeProvider.System, NullLoggerFactory.Instance, Token), new NodeId(name, Guid.NewGuid()));
        members.Add(member);
        await member.KeepAsync();
        return member;
    }

    // As the lease keepers of nodes do it: each asks again and again, whatever happened before, and gives back what it has too much.
    private static Task<TimeSpan> SettleAsync(Member[] nodes, Func<bool> settled) => Eventually.HoldsAsync("the shares of the nodes", Bound, async _ =>
    {
        foreach (var node in nodes) await node.KeepAsync();
        return settled();
    }, Token);

    private sealed class Member(PostgresStore store, NodeId node)
    {
        public PostgresStore Store => store;

        public NodeId Node => node;

        public ImmutableSortedDictionary<int, long> Owned { get; private set; } = ImmutableSortedDictionary<int, long>.Empty;

        public async Task KeepAsync()
        {
            try
            {
                await AskAsync();
            }
            catch (StorageUnavailableException)
            {
                // Its sessions were ended by whoever took over from it.
            }
        }

        /// <summary>As above, however often the database must be asked: with a short expiry a busy machine is too slow for it now and then.</summary>
        /// <returns>Until when by the given watch the lease holds, and for how long.</returns>
        public async Task<(TimeSpan Until, TimeSpan For)> KeepForSureAsync(Stopwatch? watch = null)
        {
            while (true)
            {
                var asked = watch?.Elapsed ?? TimeSpan.Zero;
                try
                {
                    var valid = await AskAsync();
                    return (asked + valid, valid);
                }
                catch (StorageUnavailableException)
                {
                    Token.ThrowIfCancellationRequested();
                }
            }
        }

        private async Task<TimeSpan> AskAsync()
        {
            var view = await store.Leases.KeepAsync(node, isLeaving: false, Token);
            Owned = view.Shards.RemoveRange(view.Surplus);
            if (!view.Surplus.IsEmpty) await store.Leases.ReleaseAsync(node, view.Surplus, Token);
            return view.ValidFor;
        }
    }
}
