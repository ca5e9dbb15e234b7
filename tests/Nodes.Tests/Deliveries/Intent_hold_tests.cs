using PasswordSync.Nodes.Tests.Support;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Settings;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Deliveries;

/// <summary>How long captures of an account wait for what was in doubt when it was written to, as a node's settings have it.</summary>
public sealed class Intent_hold_tests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("passwordsync-hold-").FullName;

    [Theory]
    [InlineData("00:00:04")]
    [InlineData("00:05:00")]
    public void I2_captures_wait_for_a_recheck_also_where_its_node_is_cut_off_from_the_database_until_its_lease_is_over(string expiry)
    {
        var example = Path.Combine(RepositoryFolder.Path, "cluster-config", "three-nodes");
        foreach (var file in new[] { "north.json", "scopes.json", "points.json" })
        {
            File.WriteAllText(Path.Combine(folder, file), File.ReadAllText(Path.Combine(example, file)).Replace("\"expiry\": \"00:00:04\"", $"\"expiry\": \"{expiry}\"", StringComparison.Ordinal));
        }

        var configuration = NodeConfiguration.Read(Path.Combine(folder, "north.json"));
        configuration.Node.Database.Expiry.ShouldBe(TimeSpan.Parse(expiry, System.Globalization.CultureInfo.InvariantCulture));

        foreach (var point in configuration.Points)
        {
            DelivererOptions.Of(point, configuration).IntentHoldAfterWrite.ShouldBeGreaterThan(configuration.Rules.RecheckDelay + configuration.Node.Database.Expiry + TimeSpan.FromSeconds(10));
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
