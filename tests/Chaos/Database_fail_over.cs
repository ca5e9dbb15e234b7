using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using PasswordSync.Chaos.Cluster;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Chaos;

/// <summary>A pair of PostgreSQL servers with synchronous replication: its loss of a standby is alarmed, and its fail-over needs nobody at the nodes and loses nothing.</summary>
public sealed class Database_fail_over
{
    private const int Users = 30;

    /// <summary>Long enough that a busy machine keeps no node from its heartbeats so long.</summary>
    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(20);

    /// <summary>By how much the clock of the day, by which heartbeats are told, may go wrong meanwhile.</summary>
    private static readonly TimeSpan ClockMargin = TimeSpan.FromMilliseconds(200);

    private static readonly string[] Names = ["north", "south", "west"];

    private static readonly ChaosClusterOptions Pair = new()
    {
        StartDatabaseAsync = token => PostgresPair.StartAsync(withStandby: true, token),
        Describe = options => options with { HasAdmin = options.Name == "north", Expiry = Expiry, AttemptTimeout = TimeSpan.FromSeconds(20) },
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What happens to the primary.</summary>
    public enum Loss
    {
        /// <summary>Its processes end; whoever connects is refused.</summary>
        Killed,

        /// <summary>It stands still, as its machine does behind a switch that lost its power: nobody is told of anything.</summary>
        Silent,
    }

    [Theory(Timeout = 900_000)]
    [InlineData(Loss.Killed)]
    [InlineData(Loss.Silent)]
    public async Task I1_I2_I3_I4_hold_while_the_standby_takes_over_and_nodes_go_on_by_themselves(Loss loss)
    {
        Assert.SkipUnless(loss == Loss.Killed || Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Most of a minute: set PASSWORDSYNC_LONG=1.");
        await using var cluster = await ChaosCluster.StartAsync(Names, Pair, Token);
        var (north, standby) = (cluster.Node("north"), cluster.Standby);
        await NoWarningAsync(north);
        await LoseStandbyAndGetItBackAsync(north, standby);

        await using var load = new Load(cluster.Edge, Users, pause: TimeSpan.FromSeconds(1));
        await cluster.Open().ServesAsync(Users, Token);

        // A node dies with the database: who takes its shards must have watched it for one whole expiry, of which this fail-over is a part if it is quick.
        var began = TimeProvider.System.GetTimestamp();
        if (loss == Loss.Killed) await cluster.Postgres.KillAsync(Token);
        else cluster.Postgres.Freeze();
        await cluster.Node("west").KillAsync(Token);
        var without = cluster.Open();
        await without.TurnsAwayAsync(Names.Length, Token);
        without.AcknowledgedUsers.ShouldBe(0, "nothing is acknowledged that no database holds");
        await standby.PromoteAsync(Token);
        var after = cluster.Open();
        var promoted = TimeProvider.System.GetTimestamp();
        await Eventually.HoldsAsync("the shards of the lost node to be taken", ChaosCluster.Bound, async token => await cluster.SharesAsync(token) is { Count: 2 } shares && !shares.ContainsKey("west"), Token);
        (DateTimeOffset.UtcNow - await cluster.LastHeartbeatOfAsync("west", Token)).ShouldBeGreaterThan(Expiry - ClockMargin, "nobody takes over before a whole expiry was observed");
        await after.ServesAsync(Users, Token);
        TestContext.Current.SendDiagnosticMessage(string.Create(
            CultureInfo.InvariantCulture, $"{loss}: all served again {TimeProvider.System.GetElapsedTime(began).TotalSeconds:F1} s after the loss of primary and node, {TimeProvider.System.GetElapsedTime(promoted).TotalSeconds:F1} s after the promotion"));

        await AlarmAsync(north, "commits on one server alone");
        await load.StopAsync(Token);
        await cluster.ComeToRestAsync(mayGoBack: false, Token);
    }

    private static async Task LoseStandbyAndGetItBackAsync(ChaosNode node, PostgresServer standby)
    {
        await standby.KillAsync(Token);
        await AlarmAsync(node, "has no synchronous standby");
        await standby.StartAsync(Token);
        await NoWarningAsync(node);
        await LoggedAsync(node, "commits synchronously to 1 standbys again");
    }

    private static Task<TimeSpan> NoWarningAsync(ChaosNode node) => Eventually.HoldsAsync("health without warnings", ChaosCluster.Bound, async _ => await WarningsAsync(node) is [], Token);

    private static async Task AlarmAsync(ChaosNode node, string says)
    {
        await Eventually.HoldsAsync($"the alarm '{says}'", ChaosCluster.Bound, async _ => await WarningsAsync(node) is [var warning] && warning.Contains(says, StringComparison.Ordinal), Token);
        await LoggedAsync(node, says);
    }

    // What a node tells whoever asks may be a moment ahead of its log.
    private static Task<TimeSpan> LoggedAsync(ChaosNode node, string says) => Eventually.HoldsAsync(
        $"'{says}' in the log", ChaosCluster.Bound, _ => Task.FromResult(node.Process.ReadLog(after: 0).Any(line => line.Contains(says, StringComparison.Ordinal))), Token);

    // As a monitoring system asks, and without looking at the certificate.
    private static async Task<string[]> WarningsAsync(ChaosNode node)
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
        using var http = new HttpClient(handler);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(node.DataFolder, "first-administrator.token"), Token)).Trim());
        using var response = await http.GetAsync(new Uri(node.AdminAddress!, "health/ready"), Token);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token));
        answer.RootElement.TryGetProperty("reasons", out _).ShouldBeTrue("it is an answer about health");
        return answer.RootElement.TryGetProperty("warnings", out var warnings) ? [.. warnings.EnumerateArray().Select(warning => warning.GetString()!)] : [];
    }
}
