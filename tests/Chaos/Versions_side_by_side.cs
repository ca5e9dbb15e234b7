using PasswordSync.Chaos.Cluster;
using PasswordSync.Lab;
using PasswordSync.Lab.Product;
using Shouldly;
using Xunit;

namespace PasswordSync.Chaos;

/// <summary>
/// Nodes of two builds over one database, and a node that meets an event which only a newer version writes: it refuses that identity, serves everybody else, and loses nothing of the
/// one it refused.
/// </summary>
public sealed class Versions_side_by_side
{
    private const string Refused = "user0";
    private const int Users = 30;

    /// <summary>How long one old and two new nodes go on together.</summary>
    private static readonly TimeSpan SideBySide = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 900_000)]
    public async Task An_event_of_a_newer_version_is_refused_not_misread_and_everybody_else_is_served()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Half a minute: set PASSWORDSYNC_LONG=1.");
        await using var cluster = await ChaosCluster.StartAsync(["north", "south"], options => options, Token);
        string[] users = [Refused, .. Enumerable.Range(1, 11).Select(number => $"user{number}")];
        await Task.WhenAll(users.Select(user => cluster.Edge.ChangeAsync(user, Token)));
        await cluster.ComeToRestAsync(mayGoBack: false, Token);

        // As a newer node would have left it behind: an event of a kind, or with a member, that this version does not know. Its owner starts anew and reads it. No trigger sees it written.
        await cluster.Postgres.RunSqlAsync(
            $$"""
            SET session_replication_role = replica;
            INSERT INTO passwordsync.event (identity_id, seq, shard_id, kind, body, at)
            SELECT identity_id, max(seq) + 1, min(event.shard_id), 'capture-accepted.2', '{"at":"2030-01-01T00:00:00+00:00"}', max(event.at)
            FROM passwordsync.event JOIN passwordsync.account USING (identity_id) WHERE object_guid = '{{LoadingEdge.AccountOf(Refused)}}' GROUP BY identity_id
            """, Token);
        foreach (var node in cluster.Nodes)
        {
            await node.StopAsync(Token);
            await node.StartAsync(Token);
        }

        await Task.WhenAll(users.Select(user => cluster.Edge.ChangeAsync(user, Token)));
        await Eventually.HoldsAsync("the others' passwords", ChaosCluster.Bound, _ => Task.FromResult(users.Skip(1).All(user => cluster.Receiver.VersionOf(user) == 2)), Token);
        cluster.Receiver.VersionOf(Refused).ShouldBe(1, "nothing is sent on a guess");
        (await cluster.CountAsync("SELECT count(*) FROM passwordsync.inbox", Token)).ShouldBe(1, "its capture waits");

        // The version that knows the event takes over; here, the event goes instead.
        await cluster.Postgres.RunSqlAsync("DELETE FROM passwordsync.event WHERE kind = 'capture-accepted.2'", Token);
        foreach (var node in cluster.Nodes)
        {
            await node.StopAsync(Token);
            await node.StartAsync(Token);
        }

        await cluster.ComeToRestAsync(mayGoBack: false, Token);
    }

    [Fact(Timeout = 3_000_000)]
    public async Task I1_I2_I3_I4_hold_while_nodes_of_an_older_build_are_replaced_one_by_one_under_load()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "A build and minutes: set PASSWORDSYNC_LONG=1.");
        var (commit, former) = await FormerBuild.MakeAsync(Token);
        TestContext.Current.SendDiagnosticMessage($"the older build is of {commit}");
        string[] names = ["north", "south", "west"];
        await using var cluster = await ChaosCluster.StartAsync(names, options => options with { Program = former }, Token);
        await using var load = new Load(cluster.Edge, Users, pause: TimeSpan.FromMilliseconds(500));
        await cluster.Open().ServesAsync(Users, Token);

        // The schema goes forward with the first new one, under the feet of the others.
        foreach (var name in names.Skip(1)) await cluster.Node(name).UpgradeAsync(ProductBuild.SyncNode, Token);
        await cluster.HaveSharesAsync(names, Token);

        // The old one refuses what it does not know of those that it owns now; those of the new ones are served, whoever wrote of them before.
        var window = cluster.Open();
        var renewed = (await Task.WhenAll(names.Skip(1).Select(name => cluster.UsersOfAsync(cluster.Node(name), Token)))).SelectMany(users => users).ToList();
        await Eventually.HoldsAsync("newer passwords of those whose node is new", ChaosCluster.Bound, _ => Task.FromResult(renewed.All(window.WasServed)), Token);
        await Passing.TimeAsync(SideBySide, Token);
        window.Tell("one old, two new");
        TestContext.Current.SendDiagnosticMessage($"{Users - renewed.Count} users are the old node's, of which {Users - window.Served} were not served");

        await cluster.Node("north").UpgradeAsync(ProductBuild.SyncNode, Token);
        await cluster.Open().ServesAsync(Users, Token);
        await load.StopAsync(Token);
        await cluster.ComeToRestAsync(mayGoBack: false, Token);
    }
}
