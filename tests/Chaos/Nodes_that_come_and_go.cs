using PasswordSync.Chaos.Cluster;
using Xunit;

namespace PasswordSync.Chaos;

/// <summary>A cluster that grows and shrinks under steady load: nodes are added, taken away for good, die and come back, and shards follow them.</summary>
public sealed class Nodes_that_come_and_go
{
    private const int Users = 30;
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 900_000)]
    public async Task I1_I2_I3_I4_hold_for_a_minute_while_nodes_are_added_and_taken_away()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "More than a minute: set PASSWORDSYNC_LONG=1.");
        await using var cluster = await ChaosCluster.StartAsync(["north", "south", "west"], options => options, Token);
        await using var load = new Load(cluster.Edge, Users, pause: TimeSpan.FromMilliseconds(500));
        var began = TimeProvider.System.GetTimestamp();

        await cluster.AddAsync("east", options => options, Token);
        await cluster.HaveSharesAsync(["north", "south", "west", "east"], Token);

        await cluster.Open().ServesAsync(Users, Token);

        // The one that made the cluster and signed the others is no more than they are.
        await cluster.Node("north").StopAsync(Token);
        await cluster.HaveSharesAsync(["south", "west", "east"], Token);
        await cluster.Node("west").KillAsync(Token);
        await cluster.HaveSharesAsync(["south", "east"], Token);
        cluster.Node("west").Launch();
        await cluster.HaveSharesAsync(["south", "west", "east"], Token);
        cluster.Node("north").Launch();
        await cluster.HaveSharesAsync(["north", "south", "west", "east"], Token);

        for (var round = 0; round == 0 || TimeProvider.System.GetElapsedTime(began) < Minute; round++)
        {
            var others = cluster.Nodes.Select(node => node.Name).Where(name => name != "east");
            var holdings = await cluster.HoldingsOfAsync(cluster.Node("east"), Token);
            var window = cluster.Open();
            if (round % 2 == 0) await cluster.Node("east").StopAsync(Token);
            else await cluster.Node("east").KillAsync(Token);
            await cluster.HaveOtherOwnersAsync(holdings, notBy: cluster.Node("east"), Token);
            await cluster.HaveSharesAsync(others, Token);
            await window.ServesAsync(Users, Token);
            window.Tell("without east");
            cluster.Node("east").Launch();
            await cluster.HaveSharesAsync(cluster.Nodes.Select(node => node.Name), Token);
        }

        await load.StopAsync(Token);
        await cluster.ComeToRestAsync(mayGoBack: false, Token);
    }
}
