using System.Text.Json;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Doctor;
using PasswordSync.Journal;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode.Operations.Doctor;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>Finds each fault that is planted in a node's surroundings.</summary>
public sealed class Doctor_of_a_node
{
    private static readonly DateTimeOffset Now = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Finds_nothing_where_nothing_is_wrong_and_each_planted_fault()
    {
        using var beta = new MemoryTarget();
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        foreach (var file in (string[])["passphrase", "node.json", "scopes.json", "points.json"]) Rights.Set(Path.Combine(node.Folder, file), UnixFileMode.UserRead | UnixFileMode.UserWrite);

        (await BadAsync(admin)).ShouldBe(["source alpha: edges"], "nothing is captured yet");
        await ReportAsync(node, DateTimeOffset.UtcNow);
        var healthy = await admin.RunAsync("doctor", Token);
        Bad(healthy).ShouldBeEmpty();
        healthy.Fact("verdict").ShouldStartWith("well");
        var authority = node.Server.Addresses[0].Authority;
        var looked = healthy.Rows("checks").Select(row => Text(row, "what")).ToHashSet();
        looked.ShouldBe(looked.Union(
        [
            "node", "own certificate", "envelope keys", "data folder", "key ring", "passphrase", "disk", "database", "node node1", $"node {authority}: certificate", $"node {authority}: takes ours",
            "source alpha", "edge alpha/dc1.alpha.test", "edge alpha/dc1.alpha.test: clock", "edge alpha/dc1.alpha.test: spool",
        ]), ignoreOrder: true);
        healthy.Rows("checks").ShouldContain(row => Text(row, "what").StartsWith("sync point beta", StringComparison.Ordinal));

        await ReportAsync(node, DateTimeOffset.UtcNow.AddHours(-1));
        (await BadAsync(admin)).ShouldBe(["edge alpha/dc1.alpha.test: clock"]);
        await ReportAsync(node, DateTimeOffset.UtcNow);
        Rights.Set(Path.Combine(node.Folder, "data", "keys.ring"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Rights.Set(Path.Combine(node.Folder, "points.json"), UnixFileMode.UserRead | UnixFileMode.OtherWrite);
        (await BadAsync(admin)).ShouldBe(["key ring", "points"]);
        var faults = (await admin.RunAsync("doctor", Token, ("faults", "true"))).Rows("checks");
        faults.ShouldAllBe(row => Text(row, "result") != "good");
        faults.Where(row => Text(row, "result") == "bad").ShouldAllBe(row => Text(row, "remedy").Length > 0);
    }

    [Fact]
    public void Judges_a_databases_clock_and_replication()
    {
        Words(new ReplicationFinding.Synchronous(2), isRequired: true).ShouldBe(["good", "good", "good"]);
        Words(new ReplicationFinding.Waiting("none is connected"), isRequired: true).ShouldBe(["good", "good", "bad"]);
        Words(new ReplicationFinding.Alone("synchronous_standby_names is empty", 0), isRequired: true).ShouldBe(["good", "good", "bad"]);
        Words(new ReplicationFinding.Alone("synchronous_standby_names is empty", 0), isRequired: false).ShouldBe(["good", "good", "warning"]);
        Words(new ReplicationFinding.Alone("synchronous_standby_names is empty", 1), isRequired: false).ShouldBe(["good", "good", "bad"]);
        Words(null, isRequired: false, secondsAhead: 10).ShouldBe(["good", "warning"]);
        Words(null, isRequired: false, secondsAhead: -1_000).ShouldBe(["good", "bad"]);
        Words(null, isRequired: false, milliseconds: 400).ShouldBe(["warning", "good"]);
    }

    private static IEnumerable<string> Words(ReplicationFinding? replication, bool isRequired, int secondsAhead = 0, int milliseconds = 2) =>
        StoreChecks.Judge(new StoreExamination("PostgreSQL", "18.1", Now.AddSeconds(secondsAhead), TimeSpan.FromMilliseconds(milliseconds)), replication, isRequired, Now).Select(one => one.Word);

    [Fact]
    public void A_disk_that_is_there_tells_its_room() => MachineChecks.Room("disk", Path.GetTempPath()).Found.ShouldMatch("^[0-9]+ MiB are free");

    private static async Task ReportAsync(TestNode node, DateTimeOffset clock)
    {
        using var question = new HttpRequestMessage(HttpMethod.Get, EdgeConfiguration.Path);
        question.Headers.TryAddWithoutValidation(EdgeReport.Header, new EdgeReport(3, 4_096, clock).ToHeader());
        using var answer = await node.Edge.SendAsync(question, Token);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<List<string>> BadAsync(OperatorClient admin) => Bad(await admin.RunAsync("doctor", Token));

    private static List<string> Bad(Reply reply) => [.. reply.Rows("checks").Where(row => Text(row, "result") == "bad").Select(row => Text(row, "what"))];

    private static string Text(JsonElement row, string column) => row.TryGetProperty(column, out var value) ? value.ToString() : "";
}
