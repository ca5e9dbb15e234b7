using PasswordSync.Chaos.Cluster;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Chaos;

/// <summary>Two clusters over one database could not open each other's passwords.</summary>
public sealed class A_second_cluster
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 900_000)]
    public async Task A_node_that_joins_nobody_is_refused_at_the_database_of_others_and_makes_nothing()
    {
        await using var cluster = await ChaosCluster.StartAsync(["north"], options => options, Token);
        var stranger = new ChaosNodeOptions("stranger", cluster.Folder, [cluster.Postgres.Port], cluster.Receiver, First: null);

        var refusal = await Should.ThrowAsync<LabEnvironmentException>(() => ChaosNode.PrepareAsync(stranger, Token));

        refusal.Message.ShouldContain("belongs to a cluster already (nodes north)");
        Directory.EnumerateFiles(Path.Combine(cluster.Folder, "stranger", "data")).ShouldBeEmpty();
    }
}
