using PasswordSync.Chaos.Cluster;
using PasswordSync.Lab;
using Xunit;

namespace PasswordSync.Chaos;

/// <summary>Envelope keys turn in a cluster: one node makes a key, all hold it before edges hear of it, and a node that was away gets it.</summary>
public sealed class Keys_of_a_cluster
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 900_000)]
    public async Task A_new_key_is_published_by_all_nodes_and_one_that_was_away_gets_it()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Keys turn once a minute at the fastest: set PASSWORDSYNC_LONG=1.");
        await using var cluster = await ChaosCluster.StartAsync(["north", "south", "west"], options => options with { KeyRotation = "00:01:00" }, Token);
        var first = await cluster.Edge.KeyOfAsync(cluster.Node("north"), Token);
        await cluster.Node("west").KillAsync(Token);

        await TurnAsync(cluster, first, "north", "south");

        await cluster.Node("west").StartAsync(Token);
        await TurnAsync(cluster, first, "north", "south", "west");
        await Task.WhenAll(Enumerable.Range(0, 12).Select(number => cluster.Edge.ChangeAsync($"user{number}", Token)));
        await cluster.ComeToRestAsync(mayGoBack: false, Token);
    }

    // All publish the same key, which is not the given one.
    private static Task<TimeSpan> TurnAsync(ChaosCluster cluster, string former, params string[] names) => Eventually.HoldsAsync(
        $"a new key at {string.Join(", ", names)}", ChaosCluster.Bound, async token =>
        {
            var published = await Task.WhenAll(names.Select(name => cluster.Edge.KeyOfAsync(cluster.Node(name), token)));
            return published.Distinct().Count() == 1 && published[0] != former;
        }, Token);
}
