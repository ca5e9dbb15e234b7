using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Deliveries;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Logging;
using PasswordSync.Hosting.Settings;
using PasswordSync.Providers;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;
using PasswordSync.SyncNode.Settings;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>The ready configurations of <c>cluster-config/</c>, read as the programs read them; and what is said of a copy in which something is wrong.</summary>
public sealed class Configuration_examples_tests : IDisposable
{
    private static readonly string Example = Path.Combine(RootFolder(), "cluster-config", "single-node");
    private static readonly string[] ExampleFiles = ["node.json", "scopes.json", "points.json", "edge.json"];

    private readonly string folder = Directory.CreateTempSubdirectory("passwordsync-config-").FullName;

    public Configuration_examples_tests()
    {
        foreach (var file in ExampleFiles) File.Copy(Path.Combine(Example, file), Path.Combine(folder, file));
    }

    public static TheoryData<string> Points => [.. NodeConfiguration.Read(Path.Combine(Example, "node.json")).Points.Select(point => point.Name)];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_server_takes_its_example()
    {
        var node = NodeConfiguration.Read(Path.Combine(Example, "node.json"));

        node.Points.Select(point => point.Provider).Order(StringComparer.Ordinal).ShouldBe(ProviderRegistry.BuiltIn.Kinds);
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

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_provider_takes_each_point_of_the_example_within_its_allow_list(string name)
    {
        var made = Create(name, allow => allow).ShouldBeOfType<ProviderCreation.Created>();

        await made.Provider.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Points))]
    public void No_point_of_the_example_is_taken_where_the_allow_list_is_empty(string name)
    {
        var refused = Create(name, _ => new NodeAllowList([], [], [])).ShouldBeOfType<ProviderCreation.Refused>();

        refused.Faults.ShouldAllBe(fault => fault.Remedy.Contains("allow-list"));
    }

    [Theory]
    [InlineData(typeof(NodeSettings))]
    [InlineData(typeof(SourceSettings))]
    [InlineData(typeof(AllowSettings))]
    [InlineData(typeof(ScopeSettings))]
    [InlineData(typeof(PointSettings))]
    [InlineData(typeof(RetrySettings))]
    [InlineData(typeof(LogSettings))]
    [InlineData(typeof(EdgeSettings))]
    [InlineData(typeof(DirectorySettings))]
    public void Every_key_is_explained_beside_the_example(Type settings)
    {
        var explained = File.ReadAllText(Path.Combine(Example, "README.md"));

        var keys = settings.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)).ToList();

        keys.ShouldNotBeEmpty();
        keys.Where(key => !explained.Contains($"`{key}`") && !explained.Contains($".{key}`") && !explained.Contains($"`{key}.")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("\"00:00:10\"", "maximumAge", "00:00:10", "use 00:01:00 to 30.00:00:00")]
    [InlineData("\"31.00:00:00\"", "maximumAge", "31.00:00:00", "use 00:01:00 to 30.00:00:00")]
    public void A_time_out_of_its_bounds_is_told_with_key_value_and_remedy(string written, string key, string found, string remedy)
    {
        Change("node.json", "\"maximumAge\": \"3.00:00:00\"", $"\"maximumAge\": {written}");

        var fault = ReadNode().Faults.ShouldHaveSingleItem();

        (fault.Key, fault.Found).ShouldBe((key, found));
        fault.Remedy.ShouldStartWith(remedy);
    }

    [Theory]
    [InlineData("3 days")]
    [InlineData("72:00:00")]
    public void A_time_that_is_none_is_told_with_file_key_and_line(string written)
    {
        Change("node.json", "\"maximumAge\": \"3.00:00:00\"", $"\"maximumAge\": \"{written}\"");

        var refusal = ReadNode();

        refusal.Message.ShouldContain(Path.Combine(folder, "node.json"));
        refusal.Faults.ShouldHaveSingleItem().Key.ShouldEndWith("maximumAge");
        refusal.Message.ShouldContain("line ");
    }

    [Theory]
    [InlineData("node.json", "\"maximumAge\"", "maximumAgee")]
    [InlineData("scopes.json", "\"includeGroups\"", "includeGroup")]
    [InlineData("points.json", "\"attemptTimeout\"", "timeout")]
    public void A_key_that_does_not_exist_is_told_with_its_file(string file, string known, string unknown)
    {
        Change(file, known, $"\"{unknown}\"");

        var refusal = ReadNode();

        refusal.Message.ShouldContain(Path.Combine(folder, file));
        refusal.Faults.ShouldHaveSingleItem().Key.ShouldEndWith(unknown);
    }

    [Fact]
    public void A_setting_that_a_provider_does_not_know_is_told_with_those_it_knows_and_its_value_is_not_shown()
    {
        Change("points.json", "\"bindPassword\"", "\"bindPasswort\"");

        var refused = Create("beta", allow => allow, folder).ShouldBeOfType<ProviderCreation.Refused>();

        var fault = refused.Faults.Single(fault => fault.Key == "bindPasswort");
        fault.Remedy.ShouldContain("bindPassword");
        fault.Found.ShouldBe(Providers.Settings.SettingFault.NotShown);
    }

    [Fact]
    public void A_scope_that_names_a_point_that_does_not_exist_is_told_of_those_that_do()
    {
        Change("scopes.json", "[\"beta\", \"gamma\"]", "[\"beta\", \"gama\"]");

        var fault = ReadNode().Faults.ShouldHaveSingleItem();

        (fault.Key, fault.Found).ShouldBe(("scopes[0].points", "gama"));
        fault.Remedy.ShouldContain("beta, gamma, portal, helpdesk");
    }

    [Fact]
    public void A_passphrase_that_is_written_into_the_file_is_refused_and_not_shown()
    {
        Change("node.json", "file:/etc/passwordsync/passphrase", "correct horse battery");

        var refusal = ReadNode();

        refusal.Faults.ShouldHaveSingleItem().Key.ShouldBe("passphrase");
        refusal.Message.ShouldContain("file:PATH or env:NAME");
        refusal.Message.ShouldNotContain("horse");
    }

    [Fact]
    public void A_password_that_is_written_into_the_file_is_refused_and_not_shown()
    {
        Change("points.json", "file:/etc/passwordsync/secrets/beta-bind", "correct horse battery");

        var refused = Create("beta", allow => allow, folder).ShouldBeOfType<ProviderCreation.Refused>();

        refused.Faults.ShouldHaveSingleItem().Key.ShouldBe("bindPassword");
        refused.Faults.ShouldAllBe(fault => !fault.ToString().Contains("horse"));
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once()
    {
        Change("edge.json", "\"dc1.alpha.example\"", "\"DC1.alpha.example\"");
        Change("edge.json", "\"waitMilliseconds\": 200", "\"waitMilliseconds\": 0");

        var refusal = Should.Throw<SettingsException>(() => EdgeSettingsFile.Read(Path.Combine(folder, "edge.json")));

        refusal.Faults.Select(fault => fault.ToString()).ShouldBe(
        [
            "domainController is 'DC1.alpha.example': use the DC's DNS host name in lower case.",
            "waitMilliseconds is '0': use 1 to 5000.",
        ]);
    }

    private SettingsException ReadNode() => Should.Throw<SettingsException>(() => NodeConfiguration.Read(Path.Combine(folder, "node.json")));

    private void Change(string file, string from, string to)
    {
        var path = Path.Combine(folder, file);
        var text = File.ReadAllText(path);
        text.ShouldContain(from);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
    }

    private static ProviderCreation Create(string name, Func<NodeAllowList, NodeAllowList> allow, string? folder = null)
    {
        var configuration = NodeConfiguration.Read(Path.Combine(folder ?? Example, "node.json"));
        var point = configuration.Points.Single(point => point.Name == name);
        var listed = configuration.Node.Allow;
        var allowed = allow(new NodeAllowList(listed.Endpoints, [.. listed.Files.Select(OnThisMachine)], [.. listed.Secrets.Select(OnThisMachine)]));
        var context = new ProviderContext(new SyncPointId(name), TimeProvider.System, NullLoggerFactory.Instance, new SecretReferences(allowed), allowed, _ => 0);
        var settings = NodeConfiguration.Flatten(point.Settings).ToImmutableDictionary(setting => setting.Key, setting => OnThisMachine(setting.Value));
        return ProviderRegistry.BuiltIn.Create(point.Provider, settings, context);
    }

    /// <summary>The example's paths are those of Unix; on Windows an absolute path begins with a drive.</summary>
    private static string OnThisMachine(string value)
    {
        const string reference = "file:/";
        if (!OperatingSystem.IsWindows()) return value;
        if (value.StartsWith(reference, StringComparison.Ordinal)) return $"file:C:/{value[reference.Length..]}";
        return value.StartsWith('/') ? $"C:{value}" : value;
    }

    private static string RootFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PasswordSync.sln"))) folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        return folder.FullName;
    }
}
