using System.Text.Json;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting;
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

        await IsBadAsync(admin, ["source alpha: edges"], "nothing is captured yet");
        await ReportAsync(node, DateTimeOffset.UtcNow);
        var healthy = await IsBadAsync(admin, []);
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
        await IsBadAsync(admin, ["edge alpha/dc1.alpha.test: clock"]);
        await ReportAsync(node, DateTimeOffset.UtcNow);
        Rights.Set(Path.Combine(node.Folder, "data", "keys.ring"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Rights.Set(Path.Combine(node.Folder, "points.json"), UnixFileMode.UserRead | UnixFileMode.OtherWrite);
        await IsBadAsync(admin, ["key ring", "points"]);
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

    [Fact]
    public void Judges_a_node_that_runs_another_version_or_does_not_live()
    {
        var member = new ClusterMember(new NodeId("south", Guid.NewGuid()), NodeDescription.None with { Version = ProductVersion.Text }, Now, TimeSpan.Zero, IsAlive: true, Shards: 128);

        PeerChecks.Judge(member).Word.ShouldBe("good");
        var other = PeerChecks.Judge(member with { Description = member.Description with { Version = "0.9.0-other" } });
        (other.What, other.Word, other.Found).ShouldBe(("node south", "warning", $"It runs 0.9.0-other, this node {ProductVersion.Text}."));
        var gone = PeerChecks.Judge(member with { IsAlive = false });
        (gone.Word, gone.Remedy).ShouldBe(("warning", "Start it. If it is gone for good: pbm cluster down."));
    }

    [Fact(Timeout = 600_000)]
    public async Task Finds_an_edge_of_another_version_and_a_source_that_does_not_take_the_reading_account()
    {
        using var beta = new MemoryTarget();
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        await using var node = await TestNode.StartAsync(targets, Token);
        var file = Path.Combine(node.Folder, "node.json");
        var text = await File.ReadAllTextAsync(file, Token);
        await File.WriteAllTextAsync(file, text.Replace("\"security\":\"ldaps\"", "\"security\":\"ldaps\",\"bindName\":\"reader@alpha.test\",\"bindPassword\":\"file:passphrase\"", StringComparison.Ordinal), Token);
        await node.RestartAsync(targets, null, Token);
        using var admin = OperatorClient.First(node);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));

        var checks = (await admin.RunAsync("doctor", Token)).Rows("checks");

        var edge = checks.Single(row => Text(row, "what") == "edge alpha/dc1.alpha.test");
        (Text(edge, "result"), Text(edge, "found")).ShouldBe(("warning", $"It is here and runs test, this node {ProductVersion.Text}."));
        var source = checks.Single(row => Text(row, "what") == "source alpha");
        (Text(source, "result"), Text(source, "remedy")).ShouldBe(("bad", "Correct sources.alpha in node.json: servers, security, roots, bindName, bindPassword."));
        Text(source, "found").ShouldContain("127.0.0.1:1");
    }

    private static IEnumerable<string> Words(ReplicationFinding? replication, bool isRequired, int secondsAhead = 0, int milliseconds = 2) =>
        StoreChecks.Judge(new StoreExamination("PostgreSQL", "18.1", Now.AddSeconds(secondsAhead), TimeSpan.FromMilliseconds(milliseconds)), replication, isRequired, Now).Select(one => one.Word);

    [Theory]
    [InlineData(10.9, 10, 12, 0)]
    [InlineData(10.9, 11, 11, 0)]
    [InlineData(10.2, 9, 10.9, -0.2)]
    [InlineData(10, 7, 14, -2)]
    [InlineData(10, 13, 11, 2)]
    public void A_clock_of_whole_seconds_is_off_by_no_less_than_the_question_leaves(double asked, double theirs, double answered, double offset)
    {
        static DateTimeOffset At(double seconds) => DateTimeOffset.UnixEpoch.AddSeconds(seconds);

        MachineChecks.ClockOffset(At(asked), At(theirs), At(answered)).TotalSeconds.ShouldBe(offset, 0.001);
    }

    [Fact]
    public void A_disk_that_is_there_tells_its_room() => MachineChecks.Room("disk", Path.GetTempPath()).Found.ShouldMatch("^[0-9]+ MiB are free");

    private static async Task ReportAsync(TestNode node, DateTimeOffset clock)
    {
        using var question = new HttpRequestMessage(HttpMethod.Get, EdgeConfiguration.Path);
        question.Headers.TryAddWithoutValidation(EdgeReport.Header, new EdgeReport(3, 4_096, clock).ToHeader());
        using var answer = await node.Edge.SendAsync(question, Token);
        answer.EnsureSuccessStatusCode();
    }

    private static Task<Reply> IsBadAsync(OperatorClient admin, string[] what, string? why = null) => Settled.FindsAsync(() => admin.RunAsync("doctor", Token), Bad, what, why, Token);

    private static IEnumerable<string> Bad(Reply reply) => reply.Rows("checks").Where(row => Text(row, "result") == "bad").Select(row => Text(row, "what"));

    private static string Text(JsonElement row, string column) => row.TryGetProperty(column, out var value) ? value.ToString() : "";
}
