using PasswordSync.Core.Settings;
using PasswordSync.EdgeNode;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Settings;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Contract;
using PasswordSync.SyncNode;
using PasswordSync.SyncNode.Settings;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>What is said of a copy of the ready configuration in which something is wrong.</summary>
public sealed class Configuration_faults_tests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("passwordsync-config-").FullName;

    public Configuration_faults_tests()
    {
        foreach (var file in Directory.GetFiles(ExampleConfiguration.Folder, "*.json")) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("\"10s\"", "maximumAge", "10s", "use 1m to 30d")]
    [InlineData("\"31d\"", "maximumAge", "31d", "use 1m to 30d")]
    [InlineData("\"31.00:00:00\"", "maximumAge", "31d", "use 1m to 30d")]
    public void A_time_out_of_its_bounds_is_told_with_key_value_and_remedy(string written, string key, string found, string remedy)
    {
        Change("node.json", "\"maximumAge\": \"3d\"", $"\"maximumAge\": {written}");

        var fault = ReadNode().Faults.ShouldHaveSingleItem();

        (fault.Key, fault.Found).ShouldBe((key, found));
        fault.Remedy.ShouldStartWith(remedy);
    }

    [Fact]
    public void How_long_the_password_log_is_kept_reaches_both_kinds_of_database_and_has_bounds()
    {
        Change("node.json", "\"maximumAge\": \"3d\"", "\"maximumAge\": \"3d\", \"historyKeptFor\": \"400d\"");
        var configuration = NodeConfiguration.Read(Path.Combine(folder, "node.json"));

        NodeStore.SqliteOptions(configuration).EventsKeptFor.ShouldBe(TimeSpan.FromDays(400));
        NodeStore.PostgresOptions(configuration.Node, password: null).EventsKeptFor.ShouldBe(TimeSpan.FromDays(400));
        Change("node.json", "\"400d\"", "\"5h\"");
        var fault = ReadNode().Faults.ShouldHaveSingleItem();
        (fault.Key, fault.Found, fault.Remedy).ShouldBe(("historyKeptFor", "5h", "use 1d to 3650d."));
    }

    [Theory]
    [InlineData("\"permits\": 0, \"per\": \"1m\"", "points[8].rate.permits", "0", "use 1 to 1000000.")]
    [InlineData("\"permits\": 1000001, \"per\": \"1m\"", "points[8].rate.permits", "1000001", "use 1 to 1000000.")]
    [InlineData("\"permits\": 60, \"per\": \"999ms\"", "points[8].rate.per", "999ms", "use 1s to 1d.")]
    [InlineData("\"permits\": 60, \"per\": \"25h\"", "points[8].rate.per", "25h", "use 1s to 1d.")]
    public void A_rate_out_of_its_bounds_is_told_with_key_value_and_remedy(string written, string key, string found, string remedy)
    {
        Change("points.json", "\"permits\": 60, \"per\": \"1m\"", written);

        var fault = ReadNode().Faults.ShouldHaveSingleItem();

        (fault.Key, fault.Found, fault.Remedy).ShouldBe((key, found, remedy));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("5000")]
    public void A_number_of_shards_out_of_its_bounds_is_told_with_key_value_and_remedy(string written)
    {
        Change("node.json", "\"shards\": 256", $"\"shards\": {written}");

        var fault = ReadNode().Faults.ShouldHaveSingleItem();

        (fault.Key, fault.Found, fault.Remedy).ShouldBe(("shards", written, "use 1 to 4096."));
    }

    [Theory]
    [InlineData("expiry", "100ms", "Expiry is 100ms: use 1s to 5m.")]
    [InlineData("expiry", "6m", "Expiry is 6m: use 1s to 5m.")]
    [InlineData("heartbeat", "99ms", "Heartbeat is 99ms: use 100ms to 1333ms, a third of the expiry.")]
    [InlineData("heartbeat", "2s", "Heartbeat is 2s: use 100ms to 1333ms, a third of the expiry.")]
    public void A_time_of_the_database_out_of_its_bounds_is_told_with_key_value_and_remedy(string key, string written, string told)
    {
        Change("node.json", "\"maximumAge\": \"3d\"", $"\"maximumAge\": \"3d\", \"database\": {{ \"kind\": \"postgres\", \"connection\": \"Host=db;Database=passwordsync\", \"{key}\": \"{written}\" }}");

        var fault = ReadNode().Faults.ShouldHaveSingleItem();

        (fault.Key, fault.Remedy).ShouldBe(("database", told));
    }

    [Theory]
    [InlineData("versionJumpMax", 0)]
    [InlineData("versionJumpMax", 1_000_001)]
    [InlineData("firstVersionMax", -1)]
    public void A_bound_for_stamps_that_are_far_ahead_is_refused_outside_its_own_bounds(string key, int value)
    {
        Change("node.json", "\"maximumAge\": \"3d\"", $"\"maximumAge\": \"3d\", \"{key}\": {value}");

        var fault = ReadNode().Faults.ShouldHaveSingleItem();

        (fault.Key, fault.Found, fault.Remedy).ShouldBe((key, $"{value}", "use 1 to 1000000."));
    }

    [Fact]
    public void Bounds_for_stamps_that_are_far_ahead_reach_the_decisions()
    {
        Change("node.json", "\"maximumAge\": \"3d\"", "\"maximumAge\": \"3d\", \"versionJumpMax\": 5, \"firstVersionMax\": 70");

        var rules = NodeConfiguration.Read(Path.Combine(folder, "node.json")).Rules;

        (rules.VersionJumpMax, rules.FirstVersionMax).ShouldBe((5u, 70u));
    }

    [Theory]
    [InlineData("3 days")]
    [InlineData("72:00:00")]
    public void A_time_that_is_none_is_told_with_file_key_and_line(string written)
    {
        Change("node.json", "\"maximumAge\": \"3d\"", $"\"maximumAge\": \"{written}\"");

        var refusal = ReadNode();

        refusal.Message.ShouldContain(Path.Combine(folder, "node.json"));
        refusal.Faults.ShouldHaveSingleItem().Key.ShouldEndWith("maximumAge");
        refusal.Message.ShouldContain("line ");
        refusal.Message.ShouldContain($"'{written}' is no time: write a number with a unit");
    }

    [Theory]
    [InlineData("3d")]
    [InlineData("72h")]
    [InlineData("3.00:00:00")]
    public void A_time_may_be_written_with_a_unit_or_as_earlier_versions_had_it(string written)
    {
        Change("node.json", "\"maximumAge\": \"3d\"", $"\"maximumAge\": \"{written}\"");

        NodeConfiguration.Read(Path.Combine(folder, "node.json")).Node.MaximumAge.ShouldBe(TimeSpan.FromDays(3));
    }

    [Theory]
    [InlineData("\"keyRotation\": \"1d\"", "\"keyRotation\": \"15m\"", "keyRotation")]
    [InlineData("\"advertise\": [\"https://sync1.example.net:9443\"]", "\"advertise\": []", "advertise")]
    [InlineData("\"security\": \"ldaps\"", "\"security\": \"none\"", "sources.alpha.security")]
    [InlineData("\"generation\": 0", "\"bindName\": \"reader@alpha.example\"", "sources.alpha.bindName")]
    public void What_could_not_work_is_told_at_the_start(string known, string written, string key)
    {
        Change("node.json", known, written);

        ReadNode().Faults.ShouldHaveSingleItem().Key.ShouldBe(key);
    }

    [Theory]
    [InlineData("*:9443")]
    [InlineData("0.0.0.0:9443")]
    [InlineData("[::]:9443")]
    [InlineData("[0:0:0:0:0:0:0:0]:9443")]
    public void Whoever_listens_everywhere_must_name_the_addresses_that_others_are_told(string everywhere)
    {
        const string Proper = "\"advertise\": [\"https://sync1.example.net:9443\"]";
        Change("node.json", "\"listen\": [\"*:9443\"]", $"\"listen\": [\"{everywhere}\"]");
        NodeConfiguration.Read(Path.Combine(folder, "node.json")).Node.Listen.ShouldBe([everywhere]);

        Change("node.json", Proper, "\"advertise\": []");
        var untold = ReadNode().Faults.ShouldHaveSingleItem();
        (untold.Key, untold.Found).ShouldBe(("advertise", "[]"));
        untold.Remedy.ShouldContain($"\"{everywhere}\" in listen is all of this machine's");

        var address = $"https://{everywhere.Replace("*", "[::]", StringComparison.Ordinal)}";
        Change("node.json", "\"advertise\": []", $"\"advertise\": [\"{address}\"]");
        var nowhere = ReadNode().Faults.ShouldHaveSingleItem();
        (nowhere.Key, nowhere.Found).ShouldBe(("advertise", address));
        nowhere.Remedy.ShouldContain("leads nowhere");
    }

    [Fact]
    public void A_setting_that_is_there_twice_in_other_letters_is_told()
    {
        Change("points.json", "\"bindPassword\"", "\"BindName\": \"x\", \"bindPassword\"");

        var faults = ReadNode().Faults;
        faults.ShouldNotBeEmpty();
        faults.ShouldAllBe(fault => fault.Key.EndsWith("settings.bindName", StringComparison.OrdinalIgnoreCase) && fault.Remedy.Contains("write it once", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"generation\": 0", "\"generation\": \"two\"", "sources.alpha.generation", "two", "write a whole number.")]
    [InlineData("\"maximumAge\": \"3d\"", "\"maximumAge\": \"3d\", \"log\": { \"level\": \"loud\" }", "log.level", "loud", "write one of \"verbose\", \"debug\", \"information\", \"warning\", \"error\", \"fatal\"")]
    [InlineData("\"maximumAge\": \"3d\"", "\"maximumAge\": \"3d\", \"shards\": \"many\"", "shards", "many", "write a whole number.")]
    [InlineData("\"maximumAge\": \"3d\"", "\"maximumAge\": \"3d\", \"admin\": { \"listen\": \"127.0.0.1:9110\" }", "admin.listen", "127.0.0.1:9110", "write a list: [ … ].")]
    [InlineData("\"maximumAge\": \"3d\"", "\"maximumAge\": \"3d\", \"admin\": \"127.0.0.1:9110\"", "admin", "127.0.0.1:9110", "write an object: { … }.")]
    [InlineData("\"file:/etc/passwordsync/passphrase\"", "20261122", "passphrase", SettingFault.NotShown, "write a text in quotes.")]
    [InlineData("\"file:/etc/passwordsync/passphrase\"", "null", "passphrase", SettingFault.NotShown, "write a text in quotes.")]
    public void A_value_of_another_kind_is_told_with_key_value_line_and_what_to_write(string known, string written, string key, string found, string remedy)
    {
        Change("node.json", known, written);

        var refusal = ReadNode();

        var fault = refusal.Faults.ShouldHaveSingleItem(refusal.Message);
        (fault.Key, fault.Found).ShouldBe((key, found));
        fault.Remedy.ShouldContain(remedy);
        refusal.Message.ShouldNotContain("20261122");
        refusal.Message.ShouldNotContain("System.");
        refusal.Message.ShouldNotContain(nameof(NodeSettings));
    }

    [Fact]
    public void Every_key_that_is_missing_unknown_or_of_another_kind_is_told_at_once()
    {
        Change("node.json", "\"cluster\"", "\"clusterName\"");
        Change("node.json", "\"keyRotation\": \"1d\"", "\"keyRotation\": 1");
        Change("node.json", "\"security\": \"ldaps\"", "\"secure\": true");

        var refusal = ReadNode();

        refusal.Faults.Select(fault => fault.Key).ShouldBe(["cluster", "clusterName", "keyRotation", "sources.alpha.secure", "sources.alpha.security"], ignoreOrder: true, refusal.Message);
        refusal.Faults.Single(fault => fault.Key == "cluster").Remedy.ShouldBe("it is missing: write a text in quotes.");
        refusal.Faults.Single(fault => fault.Key == "clusterName").Remedy.ShouldContain("there is no such key. Keys that could be meant: admin, cluster,");
        refusal.Faults.Count(fault => fault.Remedy.StartsWith("line ", StringComparison.Ordinal)).ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public void A_file_that_is_no_JSON_is_told_with_its_line()
    {
        Change("node.json", "\"maximumAge\": \"3d\"", "\"maximumAge\" \"3d\"");

        ReadNode().Faults.ShouldHaveSingleItem().Remedy.ShouldStartWith("line ");
    }

    [Theory]
    [InlineData("\"drop\"", "drop")]
    [InlineData("\"captureFile\"", "captureFile")]
    [InlineData("\"authority\"", "authority")]
    public void A_path_of_an_edge_that_is_empty_is_refused(string written, string key)
    {
        var path = Path.Combine(folder, "edge.json");
        File.WriteAllText(path, System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(path), $"{written}: \"[^\"]*\"", $"{written}: \"\""));

        Should.Throw<SettingsException>(() => EdgeSettingsFile.Read(path)).Faults.ShouldHaveSingleItem().Key.ShouldBe(key);
    }

    [Fact]
    public void A_server_of_an_edge_that_is_no_address_is_told()
    {
        var path = Path.Combine(folder, "edge.json");
        File.WriteAllText(path, System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(path), "\"server\": \"[^\"]*\"", "\"server\": \"a b\""));

        var fault = Should.Throw<SettingsException>(() => EdgeSettingsFile.Read(path)).Faults.ShouldHaveSingleItem();

        (fault.Key, fault.Found).ShouldBe(("directory.server", "a b"));
    }

    [Theory]
    [InlineData("directory.roots", "roots", "/nowhere/ca.pem")]
    [InlineData("directory.password", "password", "file:/nowhere/password")]
    public async Task A_file_that_an_edge_needs_and_that_is_not_there_is_told_with_its_key_before_anything_starts(string key, string name, string value)
    {
        var path = Path.Combine(folder, "edge.json");
        var directory = name == "roots"
            ? $"\"directory\": {{ \"server\": \"dc1.alpha.example:636\", \"security\": \"ldaps\", \"roots\": [\"{value}\"] }}"
            : $"\"directory\": {{ \"server\": \"dc1.alpha.example:636\", \"security\": \"ldaps\", \"user\": \"edge@alpha.example\", \"password\": \"{value}\" }}";
        File.WriteAllText(path, System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(path), "\"directory\": \\{[^}]*\\}", directory));
        var configuration = EdgeSettingsFile.Read(path);

        var refusal = await Should.ThrowAsync<SettingsException>(async () => await (await EdgeConnections.ToDirectoryAsync(configuration, TimeProvider.System, TestContext.Current.CancellationToken)).DisposeAsync());

        refusal.Faults.ShouldHaveSingleItem().Key.ShouldBe(key);
        refusal.Message.ShouldContain(name == "roots" ? "name PEM files" : "use file:PATH or env:NAME");
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
        refusal.Faults.ShouldNotBeEmpty();
        refusal.Faults.ShouldAllBe(fault => fault.Key.EndsWith(unknown, StringComparison.Ordinal));
    }

    [Fact]
    public void A_setting_that_a_provider_does_not_know_is_told_with_those_it_knows_and_its_value_is_not_shown()
    {
        Change("points.json", "\"bindPassword\"", "\"bindPasswort\"");

        var refused = ExampleConfiguration.Create(folder, "beta", allow => allow).ShouldBeOfType<ProviderCreation.Refused>();

        var fault = refused.Faults.Single(fault => fault.Key == "bindPasswort");
        fault.Remedy.ShouldContain("bindPassword");
        fault.Found.ShouldBe(SettingFault.NotShown);
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

        var refused = ExampleConfiguration.Create(folder, "beta", allow => allow).ShouldBeOfType<ProviderCreation.Refused>();

        refused.Faults.ShouldHaveSingleItem().Key.ShouldBe("bindPassword");
        refused.Faults.ShouldAllBe(fault => !fault.ToString().Contains("horse"));
    }

    [Theory]
    [InlineData("(mail=*", "Not a filter: ')' was expected at character 7.")]
    [InlineData("mail=*", "Not a filter: '(' was expected at character 0.")]
    [InlineData("", "Not a filter: '(' was expected at character 0.")]
    public void A_scope_whose_filter_is_none_is_told_with_key_value_and_remedy_before_an_edge_gets_it(string written, string why)
    {
        Change("scopes.json", "\"(mail=*)\"", $"\"{written}\"");

        var fault = ReadNode().Faults.ShouldHaveSingleItem();

        (fault.Key, fault.Found).ShouldBe(("scopes[1].filter", written));
        fault.Remedy.ShouldBe($"{why} Use an LDAP filter (RFC 4515), such as \"(&(objectClass=user)(department=Sales))\".");
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

    [Fact]
    public void An_edge_that_a_node_would_call_gone_between_two_of_its_words_is_refused()
    {
        Change("edge.json", "\"waitMilliseconds\": 200", "\"waitMilliseconds\": 200, \"configurationInterval\": \"1m\"");
        var atMost = EdgeSettingsFile.Read(Path.Combine(folder, "edge.json")).Edge.ConfigurationInterval;
        (3 * atMost).ShouldBeLessThanOrEqualTo(NodeConfiguration.Read(Path.Combine(folder, "node.json")).Node.EdgeGoneAfter);
        Change("edge.json", "\"1m\"", "\"61s\"");

        var fault = Should.Throw<SettingsException>(() => EdgeSettingsFile.Read(Path.Combine(folder, "edge.json"))).Faults.ShouldHaveSingleItem();

        (fault.Key, fault.Found).ShouldBe(("configurationInterval", "00:01:01"));
        fault.Remedy.ShouldStartWith("use 00:00:01 to 00:01:00");
    }

    private SettingsException ReadNode() => Should.Throw<SettingsException>(() => NodeConfiguration.Read(Path.Combine(folder, "node.json")));

    private void Change(string file, string from, string to)
    {
        var path = Path.Combine(folder, file);
        var text = File.ReadAllText(path);
        text.ShouldContain(from);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
    }
}
