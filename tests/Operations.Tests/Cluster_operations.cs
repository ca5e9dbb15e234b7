using System.Net;
using System.Text.Json;
using PasswordSync.Core.Ports;
using PasswordSync.Lab;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode.Operations.Cluster;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>The palettes cluster and cluster-sharding: on two nodes over PostgreSQL, and on one alone.</summary>
public sealed class Cluster_operations(OneNode one, LabServers servers)
{
    private static readonly Dictionary<string, MemoryTarget> NoTargets = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Two_nodes_see_each_other_share_the_shards_and_hand_them_over_when_one_is_let_go_from_the_other()
    {
        await using var nodes = await TwoNodes.StartAsync(servers, NoTargets, Token);
        using var tail = await nodes.AtNorth.FollowAsync("cluster tail", Token);
        (await tail.ReadAsync(2, Token)).Select(row => (Text(row, "node"), Text(row, "event"))).ShouldBe([("node1", "up"), ("node2", "up")]);

        var shown = (await nodes.AtSouth.RunAsync("cluster show", Token)).Rows();
        shown.Select(row => (Text(row, "node"), Text(row, "status"), Text(row, "reachability"))).ShouldBe([("node1", "up", "reachable"), ("node2", "up", "reachable")]);
        shown.Select(row => Text(row, "address")).ShouldBe([nodes.North.Server.Addresses[0].ToString(), nodes.South.Server.Addresses[0].ToString()]);
        (await nodes.AtNorth.RunAsync("cluster status", Token)).Fact("shards").ShouldBe("256 of 256 have an owner");
        (await nodes.AtSouth.RunAsync("cluster leader", Token)).Fact("leader").ShouldStartWith("none");
        (await nodes.AtSouth.RunAsync("cluster leader", Token)).Fact("makes new envelope keys").ShouldMatch("^node[12], the owner of shard 0$");
        (await nodes.AtNorth.RunAsync("cluster join", Token, ("node", "west"))).ToString().ShouldContain($"\\u0022{nodes.South.Server.Addresses[0].ToString().TrimEnd('/')}\\u0022");
        (await nodes.AtNorth.RunAsync("cluster-sharding list-shards", Token, ("address", "node2"))).Rows().Count.ShouldBe(128);

        // The figure of a node that is too busy to answer is left out.
        var stats = await nodes.AtNorth.UntilAsync("cluster-sharding region-stats", reply => reply.Rows().All(row => row.GetProperty("entities").ValueKind == JsonValueKind.Number), Token);
        stats.Rows().Select(row => row.GetProperty("shards").GetInt32()).ShouldBe([128, 128]);
        (await nodes.AtNorth.RefusedAsync(HttpStatusCode.Conflict, "cluster down", Token, ("address", "node2"))).ShouldContain("'node2' lives");
        (await nodes.AtNorth.RunAsync("cluster down-unreachable", Token)).Rows().ShouldBeEmpty();

        await nodes.AtNorth.RunAsync("cluster leave", Token, ("address", nodes.South.Server.Addresses[0].Authority));
        await nodes.South.Server.LeaveRequested.WaitAsync(Token);
        nodes.North.Server.LeaveRequested.IsCompleted.ShouldBeFalse();
        await nodes.South.Server.DisposeAsync();
        await nodes.AtNorth.UntilAsync("cluster-sharding list-shards", listed => listed.Rows().Count == 256, Token, ("address", "node1"));

        Text((await nodes.AtNorth.RunAsync("cluster show", Token)).Rows()[1], "status").ShouldBe("left");

        // What a look sees of a hand-over depends on when it is made: shards go before the node, and come to the other one by one or all at once.
        var seen = new List<(string Node, string Event)>();
        while (!seen.Contains(("node1", "shards")) || !seen.Contains(("node2", "left")))
        {
            var row = (await tail.ReadAsync(1, Token)).ShouldHaveSingleItem();
            seen.Add((Text(row, "node"), Text(row, "event")));
        }

        seen.ShouldBeSubsetOf([("node2", "shards"), ("node1", "shards"), ("node2", "left")]);
        seen.Count(one => one.Event == "left").ShouldBe(1);
        (await nodes.AtNorth.RefusedAsync(HttpStatusCode.Conflict, "cluster leave", Token)).ShouldContain("the only node that lives");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_is_taken_down_loses_its_shards_at_once_under_new_epochs_and_comes_back_when_it_lives()
    {
        await using var nodes = await TwoNodes.StartAsync(servers, NoTargets, Token);
        var before = (await nodes.AtNorth.RunAsync("cluster-sharding list-shards", Token)).Rows();

        // It lives, so it is back with its next heartbeat: what is to be seen is that all its shards were given up at once, and that nobody has one under its old epoch.
        (await nodes.AtNorth.RunAsync("cluster down", Token, ("address", "node2"), ("force", "true"))).Rows().Single().GetProperty("shards").GetInt32().ShouldBe(128);
        await nodes.AtNorth.UntilAsync("cluster show", shown => shown.Rows().All(row => Text(row, "status") == "up" && row.GetProperty("shards").GetInt32() == 128), Token);

        var after = (await nodes.AtNorth.RunAsync("cluster-sharding list-shards", Token)).Rows();
        for (var shard = 0; shard < 256; shard++)
        {
            if (Text(before[shard], "owner") == "node2") after[shard].GetProperty("epoch").GetInt64().ShouldBeGreaterThan(before[shard].GetProperty("epoch").GetInt64());
        }

        (await nodes.AtNorth.RefusedAsync(HttpStatusCode.Conflict, "cluster down", Token, ("address", "node1"))).ShouldContain("this node");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_alone_gives_sensible_answers_and_is_not_let_go()
    {
        using var admin = OperatorClient.First(one.Node);
        await admin.UntilAsync("cluster show", shown => shown.Rows() is [var row] && row.GetProperty("shards").GetInt32() == 256, Token);

        (await admin.RunAsync("cluster leader", Token)).Fact("who coordinates").ShouldContain("only node");
        (await admin.RefusedAsync(HttpStatusCode.Conflict, "cluster join", Token)).ShouldContain("PostgreSQL");
        (await admin.RefusedAsync(HttpStatusCode.Conflict, "cluster leave", Token)).ShouldContain("the only node that lives");
        (await admin.RefusedAsync(HttpStatusCode.Conflict, "cluster down", Token, ("address", "node1"))).ShouldContain("'cluster leave'");
        (await admin.RefusedAsync(HttpStatusCode.NotFound, "cluster down", Token, ("address", "node9"))).ShouldBe("There is no node 'node9': use one of node1.");
        (await admin.RunAsync("cluster down-unreachable", Token)).Rows().ShouldBeEmpty();
        (await admin.RunAsync("cluster-sharding list-regions", Token)).Rows().Single().GetProperty("shards").GetInt32().ShouldBe(256);
        (await admin.RefusedAsync(HttpStatusCode.NotFound, "cluster-sharding region-stats", Token, ("region", "rooms"))).ShouldContain("use identities");
        one.Node.Server.LeaveRequested.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void The_tail_tells_what_changed_between_two_looks_and_nothing_twice()
    {
        var (first, second) = (new NodeId("north", Guid.NewGuid()), new NodeId("south", Guid.NewGuid()));
        ClusterMember[] before = [Member(first, 256)];
        ClusterMember[] joined = [Member(first, 128), Member(second, 128)];
        ClusterMember[] silent = [Member(first, 128), Member(second, 128) with { IsAlive = false }];
        ClusterMember[] again = [Member(first, 128), Member(new NodeId("south", Guid.NewGuid()), 0)];

        Changes([], before).ShouldBe([("north", "up")]);
        Changes(before, joined).ShouldBe([("north", "shards"), ("south", "up")]);
        Changes(joined, joined).ShouldBeEmpty();
        Changes(joined, silent).ShouldBe([("south", "unreachable")]);
        Changes(silent, joined).ShouldBe([("south", "up")]);
        Changes(silent, again).ShouldBe([("south", "started")]);
        Changes(joined, [joined[0], joined[1] with { IsAlive = false, HasLeft = true }]).ShouldBe([("south", "left")]);

        static IEnumerable<(string, string)> Changes(ClusterMember[] from, ClusterMember[] to) => ClusterTail.Changes([.. from], [.. to]).Select(change => (change.Node, change.Event));
    }

    [Fact(Timeout = 600_000)]
    public async Task An_edge_cannot_ask_a_node_for_what_operators_ask_nodes()
    {
        using var response = await one.Node.Edge.PostAsync(new Uri("node/v1/operations", UriKind.Relative), new StringContent("{\"kind\":\"leave\",\"operator\":\"eve\"}"), Token);

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        one.Node.Server.LeaveRequested.IsCompleted.ShouldBeFalse();
    }

    private static ClusterMember Member(NodeId node, int shards) => new(node, NodeDescription.None, DateTimeOffset.UnixEpoch, TimeSpan.Zero, IsAlive: true, shards);

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
