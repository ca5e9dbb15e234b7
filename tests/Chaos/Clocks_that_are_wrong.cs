using System.Globalization;
using PasswordSync.Chaos.Cluster;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Chaos;

/// <summary>A node whose clock is ten minutes slow or fast, and jumps from the one to the other while it works: libfaketime between it and the system, on the clock of the day alone.</summary>
public sealed class Clocks_that_are_wrong
{
    private const int Users = 30;
    private static readonly TimeSpan SeenBound = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Longer = TimeSpan.FromSeconds(6);
    private static readonly string[] Names = ["north", "south", "west"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Timeout = 900_000)]
    [InlineData("-10m", "+10m")]
    [InlineData("+10m", "-10m")]
    public async Task I1_I2_I3_I4_hold_while_one_clock_is_wrong_and_jumps(string first, string second)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Most of a minute each: set PASSWORDSYNC_LONG=1.");
        using var clock = new FakeClock(first);
        await using var cluster = await ChaosCluster.StartAsync(Names, options => options with { Environment = options.Name == "south" ? clock.Environment : [] }, Token);
        await using var load = new Load(cluster.Edge, Users, pause: TimeSpan.FromMilliseconds(300));
        await NewerForAllAsync(cluster);
        var (told, written) = LastLineOf(cluster.Node("south"));
        (told - written).Duration().ShouldBeGreaterThan(TimeSpan.FromMinutes(5), "its clock is wrong, as its own log shows");

        clock.Set(second);
        await Passing.TimeAsync(Longer, Token);
        (await cluster.SharesAsync(Token)).Keys.Order().ToArray().ShouldBeEquivalentTo(Names, "nobody is taken for dead because of a clock");
        await NewerForAllAsync(cluster);

        await cluster.Node("north").Process.KillAsync(Token);
        await Eventually.HoldsAsync("the shards of the lost node to be taken", SeenBound, async token => await cluster.SharesAsync(token) is { Count: 2 } shares && !shares.ContainsKey("north"), Token);
        clock.Set(first);
        await NewerForAllAsync(cluster);
        cluster.Node("north").Process.Launch();
        await Eventually.HoldsAsync("a share for each", SeenBound, async token => (await cluster.SharesAsync(token)).Count == Names.Length, Token);

        await load.StopAsync(Token);
        foreach (var node in cluster.Nodes) File.ReadAllText(node.Process.LogFile).ShouldNotContain("takes over from node south");
        await cluster.ComeToRestAsync(mayGoBack: false, Token);
    }

    private static async Task NewerForAllAsync(ChaosCluster cluster)
    {
        await Eventually.HoldsAsync("passwords of everybody", SeenBound, _ => Task.FromResult(cluster.Edge.Acknowledged.Count == Users), Token);
        var before = cluster.Edge.Acknowledged.ToDictionary();
        await Eventually.HoldsAsync("newer passwords of everybody", SeenBound, _ => Task.FromResult(before.All(user => cluster.Receiver.VersionOf(user.Key) > user.Value)), Token);
    }

    // When the node says that it wrote its last line, and when the file was written.
    private static (DateTime Told, DateTime Written) LastLineOf(ChaosNode node)
    {
        var line = File.ReadAllLines(node.Process.LogFile).Last(text => text.StartsWith("20", StringComparison.Ordinal));
        return (DateTime.ParseExact(line[..19], "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), File.GetLastWriteTime(node.Process.LogFile));
    }
}
