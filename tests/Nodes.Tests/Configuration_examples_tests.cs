using System.Reflection;
using System.Text.Json;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Logging;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;
using PasswordSync.SyncNode.Settings;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>The ready configurations of <c>cluster-config/</c>, read as the programs read them.</summary>
public sealed class Configuration_examples_tests
{
    private static readonly string Example = ExampleConfiguration.Folder;
    private static readonly string Examples = Path.Combine(RepositoryFolder.Path, "cluster-config");

    public static TheoryData<string> Points => [.. NodeConfiguration.Read(Path.Combine(Example, "node.json")).Points.Select(point => point.Name)];

    [Fact]
    public void The_server_takes_its_example()
    {
        var node = NodeConfiguration.Read(Path.Combine(Example, "node.json"));

        node.Points.Select(point => point.Provider).Distinct().Order(StringComparer.Ordinal).ShouldBe(ProviderRegistry.BuiltIn.Kinds);
        node.Scopes.SelectMany(scope => scope.Points).Distinct().Order(StringComparer.Ordinal).ShouldBe(node.Points.Select(point => point.Name).Order(StringComparer.Ordinal));
        node.Node.Passphrase.ShouldStartWith("file:");
    }

    [Fact]
    public void The_edge_takes_its_example_and_it_fits_the_server_s()
    {
        var edge = EdgeSettingsFile.Read(Path.Combine(Example, "edge.json")).Edge;

        var node = NodeConfiguration.Read(Path.Combine(Example, "node.json")).Node;
        edge.Cluster.ShouldBe(node.Cluster);
        node.Sources.Keys.ShouldContain(edge.Source);
        edge.Nodes.ShouldBe(node.Advertise);
    }

    [Fact]
    public void The_nodes_of_the_cluster_s_example_fit_each_other()
    {
        var folder = Path.Combine(Examples, "three-nodes");
        var nodes = new[] { "north", "south", "west" }.Select(name => NodeConfiguration.Read(Path.Combine(folder, $"{name}.json"))).ToList();

        nodes.Select(node => node.Node.Name).ShouldBe(["north", "south", "west"]);
        nodes.Select(node => (node.Node.Cluster, node.Node.Shards, node.Node.Database)).Distinct().Count().ShouldBe(1);
        nodes.Single(node => node.Node.Join.IsEmpty).Node.Name.ShouldBe("north", "one node makes the cluster");
        nodes.SelectMany(node => node.Node.Join).ShouldBeSubsetOf(nodes.SelectMany(node => node.Node.Advertise).ToList());
        nodes[0].Points.ShouldAllBe(point => nodes.Any(node => node.MayRun(point)), "each point has a node that may run it");
        nodes[0].Points.ShouldContain(point => !nodes.All(node => node.MayRun(point)));
    }

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_provider_takes_each_point_of_the_example_within_its_allow_list(string name)
    {
        var made = ExampleConfiguration.Create(Example, name, allow => allow).ShouldBeOfType<ProviderCreation.Created>();

        await made.Provider.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Points))]
    public void No_point_of_the_example_is_taken_where_the_allow_list_is_empty(string name)
    {
        var refused = ExampleConfiguration.Create(Example, name, _ => new NodeAllowList([], [], [])).ShouldBeOfType<ProviderCreation.Refused>();

        refused.Faults.ShouldAllBe(fault => fault.Remedy.Contains("allow-list"));
    }

    [Fact]
    public void Every_setting_of_each_point_is_explained_beside_the_example()
    {
        var rows = File.ReadLines(Path.Combine(Example, "README.md")).SkipWhile(line => line != "### The example's points").TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal)).ToList();

        foreach (var point in NodeConfiguration.Read(Path.Combine(Example, "node.json")).Points)
        {
            var row = rows.Where(line => line.StartsWith($"| `{point.Name}` |", StringComparison.Ordinal)).ShouldHaveSingleItem(point.Name);
            var unexplained = point.Settings.EnumerateObject().Select(setting => setting.Name).Where(name => !row.Contains($"`{name}`", StringComparison.Ordinal) && !(name is "limits" or "security" or "trustedRoots" or "bindName" or "bindPassword" or "servers" or "base"));
            unexplained.ShouldBeEmpty($"{point.Name}: each setting that is special to it");
        }

        foreach (var common in (string[])["limits", "security", "trustedRoots", "bindName", "bindPassword", "servers", "base"]) rows.ShouldContain(line => line.Contains($"`{common}`", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(typeof(NodeSettings), "single-node")]
    [InlineData(typeof(SourceSettings), "single-node")]
    [InlineData(typeof(AllowSettings), "single-node")]
    [InlineData(typeof(ScopeSettings), "single-node")]
    [InlineData(typeof(PointSettings), "single-node")]
    [InlineData(typeof(RetrySettings), "single-node")]
    [InlineData(typeof(LogSettings), "single-node")]
    [InlineData(typeof(EdgeSettings), "single-node")]
    [InlineData(typeof(DirectorySettings), "single-node")]
    [InlineData(typeof(RateSettings), "single-node")]
    [InlineData(typeof(DatabaseSettings), "three-nodes")]
    public void Every_key_is_explained_beside_the_example(Type settings, string example)
    {
        var explained = File.ReadAllText(Path.Combine(Examples, example, "README.md"));

        var keys = settings.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)).ToList();

        keys.ShouldNotBeEmpty();
        keys.Where(key => !explained.Contains($"`{key}`") && !explained.Contains($".{key}`") && !explained.Contains($"`{key}.")).ShouldBeEmpty();
    }
}
