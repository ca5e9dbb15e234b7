using PasswordSync.Chaos.Cluster;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Chaos;

/// <summary>A target that only one node reaches: the others own identities all the same, and hand their deliveries over.</summary>
public sealed class Points_bound_to_nodes
{
    private const string Label = "site=berlin";
    private static readonly string[] Users = [.. Enumerable.Range(0, 12).Select(number => $"user{number}")];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 900_000)]
    public async Task Deliveries_travel_to_a_node_with_the_labels_and_wait_with_a_reason_while_there_is_none()
    {
        await using var cluster = await ChaosCluster.StartAsync(["north", "south"], options => options with { PointLabels = [Label], Labels = options.Name == "south" ? [Label] : [] }, Token);
        await ChangeAllAsync(cluster);
        await Eventually.HoldsAsync("all passwords at the target", ChaosCluster.Bound, _ => Task.FromResult(HaveAllArrived(cluster)), Token);

        // The first of them, too, owns some of the users, and cannot reach the target itself.
        await cluster.HaveSharesAsync(["north", "south"], Token);

        await cluster.Node("south").StopAsync(Token);
        await ChangeAllAsync(cluster);
        await Eventually.HoldsAsync(
            "the reason in the journal", ChaosCluster.Bound, async token => await cluster.CountAsync($"SELECT count(*) FROM passwordsync.event WHERE kind LIKE 'obstacle-met.%' AND body LIKE '%No living node has the labels%{Label}%'", token) > 0, Token);
        HaveAllArrived(cluster).ShouldBeFalse();

        await cluster.Node("south").StartAsync(Token);
        await Eventually.HoldsAsync("all passwords at the target again", ChaosCluster.Bound, _ => Task.FromResult(HaveAllArrived(cluster)), Token);
        await cluster.ComeToRestAsync(mayGoBack: false, Token);
    }

    private static Task ChangeAllAsync(ChaosCluster cluster) => Task.WhenAll(Users.Select(user => cluster.Edge.ChangeAsync(user, Token)));

    private static bool HaveAllArrived(ChaosCluster cluster) => cluster.Edge.Acknowledged.All(user => cluster.Receiver.VersionOf(user.Key) == user.Value);
}
