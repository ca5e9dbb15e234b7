using PasswordSync.Chaos.Cluster;
using Xunit;

namespace PasswordSync.Chaos;

/// <summary>A cluster that grows and shrinks under steady load: nodes are added, taken away for good, die and come back, and shards follow them.</summary>
public sealed class Nodes_that_come_and_go
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 900_000)]
    public async Task I1_I2_I3_I4_hold_for_a_minute_while_nodes_are_added_and_taken_away()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "More than a minute: set PASSWORDSYNC_LONG=1.");
        await using var cluster = await ChaosCluster.StartAsync(["north", "south", "west"], options => options, Token);
        await using var load = new Load(cluster.Edge, users: 30, pause: TimeSpan.FromMilliseconds(500));
        var began = TimeProvider.System.GetTimestamp();

        await cluster.AddAsync("east", options => options, Token);
        await cluster.HaveSharesAsync(["north", "south", "west", "east"], Token);

        // The one that made the cluster and signed the others is no more than they are.
        await cluster.Node("north").Process.StopAsync(Token);
        await cluster.HaveSharesAsync(["south", "west", "east"], Token);
        await cluster.Node("west").Process.KillAsync(Token);
        await cluster.HaveSharesAsync(["south", "east"], Token);
        cluster.Node("west").Process.Launch();
        await cluster.HaveSharesAsync(["south", "west", "east"], Token);
        cluster.Node("north").Process.Launch();
        await cluster.HaveSharesAsync(["north", "south", "west", "east"], Token);

        for (var round = 0; round == 0 || TimeProvider.System.GetElapsedTime(began) < Minute; round++)
        {
            var others = cluster.Nodes.Select(node => node.Name).Where(name => name != "east");
            if (round % 2 == 0) await cluster.Node("east").Process.StopAsync(Token);
            else await cluster.Node("east").Process.KillAsync(Token);
            await cluster.HaveSharesAsync(others, Token);
            cluster.Node("east").Process.Launch();
            await cluster.HaveSharesAsync(cluster.Nodes.Select(node => node.Name), Token);
        }

        await load.StopAsync(Token);
        await cluster.ComeToRestAsync(mayGoBack: false, Token);
    }
}
