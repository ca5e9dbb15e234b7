using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using PasswordSync.Capture.Health;
using PasswordSync.Core.Intake;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode.Operations.Edges;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>An edge that lives and does not do its work is a trouble at every node, whichever it asks.</summary>
public sealed class Alarms_of_edges(LabServers servers)
{
    public static TheoryData<Type> StandingAlarms =>
        [.. typeof(EdgeAlarm).GetNestedTypes().Where(kind => kind.IsSubclassOf(typeof(EdgeAlarm)) && ((EdgeAlarm)RuntimeHelpers.GetUninitializedObject(kind)).Stands)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What is said of an alarm that has no words of its own.</summary>
    private const string Unknown = "which this version does not know";

    [Fact(Timeout = 600_000)]
    public async Task What_stands_wrong_at_an_edge_is_in_the_status_and_the_doctor_until_the_edge_says_it_is_over()
    {
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token);
        using var admin = OperatorClient.First(node);

        await TellAsync(node, "HookNotCalled,SpoolFull,Of The Future!,NoNodeAnswers");

        var what = $"edge alpha/{TestNode.DomainController}";
        var status = await admin.UntilAsync("sync status", told => AlarmsIn(told).Count == 2, Token);
        AlarmsIn(status)[0].ShouldStartWith("Samba does not call the hook");
        AlarmsIn(status)[1].ShouldStartWith("its spool is full");
        var doctor = (await admin.RunAsync("doctor", Token, ("faults", "true"))).Rows("checks").Where(row => Text(row, "what") == $"{what}: alarm").ToList();
        doctor.Select(row => (Text(row, "result"), Text(row, "remedy"))).ShouldBe(Enumerable.Repeat(("bad", $"PasswordSync.EdgeNode doctor, on {TestNode.DomainController}."), 2));

        await TellAsync(node, alarms: null);
        await admin.UntilAsync("sync status", told => AlarmsIn(told).Count == 0, Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task What_an_edge_told_one_node_is_known_to_the_others()
    {
        await using var nodes = await TwoNodes.StartAsync(servers, new Dictionary<string, MemoryTarget>(), Token);

        var status = await TellUntilAsync(nodes.South, "SpoolFull", nodes.AtNorth, alarms: 1);
        AlarmsIn(status).Single().ShouldStartWith("its spool is full");
        (await nodes.AtNorth.RunAsync("doctor", Token, ("faults", "true"))).Rows("checks").Select(row => Text(row, "what")).ShouldContain($"edge alpha/{TestNode.DomainController}: alarm");

        await TellUntilAsync(nodes.North, told: null, nodes.AtSouth, alarms: 0);
    }

    [Theory, MemberData(nameof(StandingAlarms))]
    public void Every_alarm_that_stands_has_words_and_travels(Type kind)
    {
        EdgeAlarms.Parse(EdgeAlarms.ToHeader([kind.Name])).ShouldBe([kind.Name]);
        EdgeTroubles.WordsOf("Unheard").ShouldNotBeNull().ShouldContain(Unknown);
        (EdgeTroubles.WordsOf(kind.Name) ?? "").ShouldNotContain(Unknown);
        if (kind != typeof(EdgeAlarm.NoNodeAnswers)) EdgeTroubles.WordsOf(kind.Name).ShouldNotBeNull();
    }

    [Fact]
    public void What_an_edge_tells_is_bounded_and_made_of_letters()
    {
        EdgeAlarms.Parse(null).ShouldBeEmpty();
        EdgeAlarms.Parse("").ShouldBeEmpty();
        EdgeAlarms.Parse("A,,A,B\u001b[2J,C c,D").ShouldBe(["A", "D"]);
        EdgeAlarms.Parse(new string('x', EdgeAlarms.NameLengthMax + 1)).ShouldBeEmpty();
        ImmutableArray<string> many = [.. Enumerable.Range(0, 26).Select(i => $"{(char)('A' + i)}")];
        EdgeAlarms.Parse(string.Join(',', many)).ShouldBe(many[..EdgeAlarms.NamesMax]);
        EdgeAlarms.Parse(EdgeAlarms.ToHeader(many)).ShouldBe(many[..EdgeAlarms.NamesMax]);
    }

    // The node answers an edge whether or not the database took its word; the edge's next question brings it again.
    private static async Task<Reply> TellUntilAsync(TestNode node, string? told, OperatorClient other, int alarms)
    {
        Reply? status = null;
        await Eventually.HoldsAsync($"{alarms} alarms", TimeSpan.FromMinutes(5), async token =>
        {
            await TellAsync(node, told);
            status = await other.RunAsync("sync status", token);
            return AlarmsIn(status).Count == alarms;
        }, Token);
        return status!;
    }

    private static async Task TellAsync(TestNode node, string? alarms)
    {
        using var question = new HttpRequestMessage(HttpMethod.Get, EdgeConfiguration.Path);
        question.Headers.TryAddWithoutValidation(EdgeReport.Header, new EdgeReport(0, 0, DateTimeOffset.UtcNow).ToHeader());
        if (alarms is not null) question.Headers.TryAddWithoutValidation(EdgeAlarms.Header, alarms);
        (await node.Edge.SendAsync(question, Token)).Dispose();
    }

    private static List<string> AlarmsIn(Reply told) =>
        [.. told.Rows("troubles").Where(row => Text(row, "what") == $"edge alpha/{TestNode.DomainController}").Select(row => Text(row, "reason"))];

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
