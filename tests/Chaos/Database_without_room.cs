using PasswordSync.Chaos.Cluster;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Chaos;

/// <summary>The disk of the database is full under steady load: edges are told to try again, nothing acknowledged is lost, and all goes on by itself when there is room.</summary>
public sealed class Database_without_room
{
    private const int Users = 30;
    private const string Size = "64m";

    /// <summary>How often edges are turned away before there is room again.</summary>
    private const int TurnedAwayMin = 10 * Users;

    private static readonly string[] Names = ["north", "south", "west"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 900_000)]
    public async Task I1_I2_I3_I4_hold_while_the_disk_of_the_database_is_full()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Most of a minute: set PASSWORDSYNC_LONG=1.");
        await using var cluster = await ChaosCluster.StartAsync(Names, new ChaosClusterOptions { StartDatabaseAsync = token => PostgresPair.StartOnSmallDiskAsync(Size, token) }, Token);
        await using var load = new Load(cluster.Edge, Users, pause: TimeSpan.FromMilliseconds(500));
        await cluster.Open().ServesAsync(Users, Token);

        cluster.Postgres.FillSmallDisk();
        var without = cluster.Open();
        await without.TurnsAwayAsync(TurnedAwayMin, Token);
        foreach (var node in cluster.Nodes) await ToldToTryAgainAsync(node);
        File.ReadAllText(cluster.Postgres.LogFile).ShouldContain("No space left on device");
        without.Tell("without room");

        cluster.Postgres.EmptySmallDisk();
        var after = cluster.Open();
        await after.ServesAsync(Users, Token);
        after.Tell("with room again");
        await load.StopAsync(Token);
        await cluster.ComeToRestAsync(mayGoBack: false, Token);
    }

    private static Task<TimeSpan> ToldToTryAgainAsync(ChaosNode node) => Eventually.HoldsAsync(
        $"{node.Name} to turn edges away", ChaosCluster.Bound, _ => Task.FromResult(node.Process.ReadLog(after: 0).Any(line => line.Contains("The edge is told to try again", StringComparison.Ordinal))), Token);
}
