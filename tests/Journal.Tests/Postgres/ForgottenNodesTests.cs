using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Tests.Conformance;
using PasswordSync.Journal.Tests.Sqlite;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>Nodes that are long gone and own nothing are listed no more; whoever may come back loses nothing by it.</summary>
public sealed class ForgottenNodesTests(LabServers servers) : IAsyncLifetime
{
    private readonly LoggedLines lines = new();
    private PostgresStoreUnderTest subject = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static NodeId Here { get; } = new("here", Guid.NewGuid());

    public async ValueTask InitializeAsync() => subject = await PostgresStoreUnderTest.OpenAsync(servers, logging: lines);

    public async ValueTask DisposeAsync()
    {
        await subject.DisposeAsync();
        lines.Dispose();
    }

    [Fact(Timeout = 600_000)]
    public async Task Nodes_that_left_or_died_long_ago_are_forgotten_and_named_in_the_log_and_those_of_this_week_are_not()
    {
        await AddAsync("dead", "8 days", hasLeft: false);
        await AddAsync("left", "8 days", hasLeft: true);
        await AddAsync("dead-of-late", "6 days", hasLeft: false);
        await AddAsync("left-of-late", "6 days", hasLeft: true);
        await subject.Store.Leases.KeepAsync(Here, isLeaving: false, Token);

        await subject.Store.MaintainAsync(Token);

        (await NamesAsync()).ShouldBe(["dead-of-late", "here", "left-of-late"]);
        lines.Lines.Where(line => line.Contains("it is forgotten", StringComparison.Ordinal)).Order().ShouldBe(
            ["Node dead owns nothing and was silent for 7.00:00:00: it is forgotten. Started again, it is known again", "Node left owns nothing and was silent for 7.00:00:00: it is forgotten. Started again, it is known again"]);
    }

    [Fact(Timeout = 600_000)]
    public async Task Node_that_still_owns_a_shard_is_kept_until_it_was_taken_down_or_taken_over_from()
    {
        var dead = await AddAsync("dead", "8 days", hasLeft: false);
        await subject.Server.RunSqlAsync($"UPDATE {subject.Schema}.shard SET owner = 'dead', incarnation = '{dead}', epoch = 1 WHERE shard_id = 7", Token);
        await subject.Store.Leases.KeepAsync(Here, isLeaving: false, Token);

        await subject.Store.MaintainAsync(Token);

        (await NamesAsync()).ShouldBe(["dead", "here"]);
        (await subject.Store.Members.DownAsync(new NodeId("dead", dead), Token)).ShouldBe(1);
        await subject.Store.MaintainAsync(Token);
        (await NamesAsync()).ShouldBe(["here"]);
        (await subject.Store.Leases.KeepAsync(Here, isLeaving: false, Token)).Shards[7].ShouldBe(2, "its epoch was not forgotten");
    }

    [Fact(Timeout = 600_000)]
    public async Task After_a_long_pause_of_the_whole_cluster_nobody_is_forgotten_before_a_node_lives()
    {
        await AddAsync("a", "400 days", hasLeft: true);
        await AddAsync("b", "399 days", hasLeft: false);

        await subject.Store.MaintainAsync(Token);

        (await NamesAsync()).ShouldBe(["a", "b"]);
    }

    [Fact(Timeout = 600_000)]
    public async Task Process_that_stood_still_for_so_long_that_it_was_forgotten_gets_its_share_when_it_goes_on_unless_another_one_has_its_name()
    {
        await using var other = await PostgresStore.OpenAsync(subject.OptionsOf(new StoreSettings()), subject.Time, lines, Token);
        var there = new NodeId("there", Guid.NewGuid());
        await other.Leases.KeepAsync(there, isLeaving: false, Token);
        await other.Leases.ReleaseAsync(there, [.. Enumerable.Range(0, 256)], Token);
        await subject.Server.RunSqlAsync($"UPDATE {subject.Schema}.node SET heartbeat_at = heartbeat_at - interval '8 days'", Token);
        await subject.Store.Leases.KeepAsync(Here, isLeaving: false, Token);
        await subject.Store.MaintainAsync(Token);
        (await NamesAsync()).ShouldBe(["here"]);

        subject.Time.Advance(TimeSpan.FromDays(8));
        await other.Leases.KeepAsync(there, isLeaving: false, Token);
        (await NamesAsync()).ShouldBe(["here", "there"]);
        (await subject.Store.Leases.KeepAsync(Here, isLeaving: false, Token)).Surplus.Length.ShouldBe(128, "it counts as living");

        var second = new NodeId("there", Guid.NewGuid());
        await using var third = await PostgresStore.OpenAsync(subject.OptionsOf(new StoreSettings()), subject.Time, lines, Token);
        await third.Leases.KeepAsync(second, isLeaving: false, Token);
        subject.Time.Advance(TimeSpan.FromMinutes(5));
        var left = await KeepForSureAsync(other, there);
        left.Shards.ShouldBeEmpty("another process runs under its name");
        left.ValidFor.ShouldBeGreaterThan(TimeSpan.Zero, "and that is known, where a lease that is over would say that nobody was asked");
        (await subject.Store.Members.ListAsync(Token)).Single(member => member.Node.Name == "there").Node.ShouldBe(second);
    }

    // The sessions of a process that was followed by another one are ended: it finds broken ones first.
    private static async Task<LeaseView> KeepForSureAsync(PostgresStore store, NodeId node)
    {
        while (true)
        {
            try
            {
                return await store.Leases.KeepAsync(node, isLeaving: false, Token);
            }
            catch (StorageUnavailableException)
            {
                Token.ThrowIfCancellationRequested();
            }
        }
    }

    private async Task<Guid> AddAsync(string name, string silentFor, bool hasLeft)
    {
        var incarnation = Guid.NewGuid();
        await subject.Server.RunSqlAsync(
            $"""
            INSERT INTO {subject.Schema}.node (name, incarnation, sessions, addresses, labels, version, began_at, heartbeat_at, has_left)
            VALUES ('{name}', '{incarnation}', 'passwordsync-of-{name}', array[]::text[], array[]::text[], '', now() - interval '500 days', clock_timestamp() - interval '{silentFor}', {hasLeft})
            """,
            Token);
        return incarnation;
    }

    private async Task<IEnumerable<string>> NamesAsync() => (await subject.Store.Members.ListAsync(Token)).Select(member => member.Node.Name);
}
