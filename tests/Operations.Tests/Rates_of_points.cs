using System.Globalization;
using System.Text.Json;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>The rate of a sync point, which all nodes of a cluster have together.</summary>
public sealed class Rates_of_points(LabServers servers)
{
    private const int People = 40;

    /// <summary>Of 40 a day a quarter may begin at once; the next one comes after three quarters of an hour.</summary>
    private const int AtOnce = 10;

    private static readonly object Rate = new { permits = People, per = "1d" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Two_nodes_together_begin_no_more_than_a_point_s_rate_lets_them_and_say_what_the_others_wait_for()
    {
        using var beta = new MemoryTarget();
        var names = Enumerable.Range(0, People).Select(number => string.Create(CultureInfo.InvariantCulture, $"user{number}")).ToList();
        foreach (var name in names) beta.Add(name);
        await using var nodes = await TwoNodes.StartAsync(servers, new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token, rate: Rate);
        TestNode[] both = [nodes.North, nodes.South];
        foreach (var (name, number) in names.Select((name, number) => (name, number)))
        {
            var node = both[number % both.Length];
            (await node.SendAsync(Token, await node.CaptureAsync(name, "Winter.2026!", 7, Token))).Captures.ShouldHaveSingleItem().Kind.ShouldBe(AnswerKind.Accepted);
        }

        // Until all but those that were begun wait, at the node that decides for them.
        OperatorClient[] operators = [nodes.AtNorth, nodes.AtSouth];
        await Eventually.HoldsAsync("all others to wait", TimeSpan.FromMinutes(5), async token => (await Task.WhenAll(operators.Select(asked => WaitingAsync(asked, token)))).Sum() == People - AtOnce, Token);

        beta.Writes.Length.ShouldBe(AtOnce);
        var waiting = names.Except(names.Where(name => beta.SignIn(name, "Winter.2026!"))).ToList();
        waiting.Count.ShouldBe(People - AtOnce);
        foreach (var asked in operators)
        {
            var point = await asked.RunAsync("sync point show", Token, ("point", "beta"));
            point.Fact("concurrency").ShouldBe("8; all nodes together begin at most 40 in 1d");
            point.Fact("waiting, running").ShouldContain("Its rate is used up: all nodes together begin 40 deliveries in 1d at most.");
            (await asked.RunAsync("sync points", Token)).Rows().ShouldHaveSingleItem().GetProperty("state").GetString().ShouldBe("rests");
        }

        // Whoever is asked: that a point rests is known only where it does, and a person waits at the node that has them.
        foreach (var asked in operators)
        {
            var status = await asked.UntilAsync("sync status", shown => RestsOf(shown).Count() == both.Length, Token);
            RestsOf(status).Select(row => $"{row.GetProperty("point")} {row.GetProperty("node")}").ShouldBe(["beta node1", "beta node2"]);
            RestsOf(status).ShouldAllBe(row => row.GetProperty("reason").ToString().StartsWith("Its rate is used up", StringComparison.Ordinal));
        }

        var told = (await Task.WhenAll(operators.Select(asked => asked.UntilAsync("sync explain", explained => explained.ToString().Contains("Its rate is used up", StringComparison.Ordinal), Token, ("user", waiting[0]))))).Select(explained => $"{explained}").ToList();
        told.Count(explained => explained.Contains("waits at the sync point, which begins nothing here before", StringComparison.Ordinal)).ShouldBe(1);
        told.Count(explained => explained.Contains("waits at the sync point, which begins nothing at node", StringComparison.Ordinal)).ShouldBe(1);

        // Of one that cannot be asked, that is said.
        await nodes.AddUnreachableAsync("node3", Token);
        var unknown = await nodes.AtNorth.UntilAsync("sync status", shown => RestsOf(shown).Any(row => row.GetProperty("node").GetString() == "node3"), Token);
        RestsOf(unknown).Single(row => row.GetProperty("node").GetString() == "node3").GetProperty("reason").ToString().ShouldStartWith("What rests there is not known. The node node3 cannot be reached");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_person_s_own_change_at_one_node_does_not_wait_behind_bulk_work_that_uses_the_rate_up_at_the_other()
    {
        // The bucket holds 80, of which 8 are the reserve; the next one comes after six minutes.
        const int people = 60;
        using var beta = new MemoryTarget { PasswordLengthMin = 20 };
        await using var nodes = await TwoNodes.StartAsync(servers, new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token, rate: new { permits = 320, per = "1d" });
        var names = Enumerable.Range(0, people).Select(number => string.Create(CultureInfo.InvariantCulture, $"user{number}")).ToList();
        foreach (var name in names)
        {
            beta.Add(name);
            await nodes.North.SendAsync(Token, await nodes.North.CaptureAsync(name, "Winter.2026!", 7, Token));
        }

        var parked = (await nodes.AtNorth.UntilAsync("sync parked list", listed => listed.Rows().Count == people, Token)).Rows();
        var shards = (await nodes.AtNorth.RunAsync("cluster-sharding list-shards", Token)).Rows();
        var owned = parked.ToLookup(row => Text(shards[new IdentityId(Guid.Parse(Text(row, "identity"))).Shard(256)], "owner"), row => Text(row, "user"));

        // One by one, so that they are those of one node alone: 12 begin, down to the reserve.
        foreach (var user in owned["node1"]) await nodes.AtNorth.RunAsync("sync parked retry", Token, ("user", user), ("point", "beta"));
        var left = owned["node1"].Count() - (80 - people - 8);
        left.ShouldBeGreaterThan(0);
        await Eventually.HoldsAsync("the bulk work to wait", TimeSpan.FromMinutes(5), async token => await WaitingAsync(nodes.AtNorth, token) == left, Token);
        (await nodes.AtNorth.RunAsync("sync points", Token)).Rows().ShouldHaveSingleItem().GetProperty("state").GetString().ShouldBe("rests");
        (await nodes.AtNorth.RunAsync("sync point show", Token, ("point", "beta"))).Fact("waiting, running").ShouldContain("Its rate leaves nothing for bulk work now: all nodes together begin 320 deliveries in 1d at most, people's own changes first.");

        // At the other node, and at the same.
        foreach (var user in owned["node2"].Take(3).Concat(owned["node1"].TakeLast(1)))
        {
            await nodes.South.SendAsync(Token, await nodes.South.CaptureAsync(user, "Spring.2027! is long enough", 8, Token));
            await Eventually.HoldsAsync($"the change of {user}", TimeSpan.FromMinutes(1), _ => Task.FromResult(beta.SignIn(user, "Spring.2027! is long enough")), Token);
        }

        // The last of them was among the bulk work. The others there wait still.
        await Eventually.HoldsAsync("the others to wait", TimeSpan.FromMinutes(1), async token => await WaitingAsync(nodes.AtNorth, token) == left - 1, Token);
        (await nodes.AtNorth.RunAsync("sync parked list", Token)).Rows().Count.ShouldBe(people - 3 - left);
    }

    private static IEnumerable<JsonElement> RestsOf(Reply status) =>
        status.Root.GetProperty("sections").EnumerateArray().Where(section => section.TryGetProperty("title", out var title) && title.GetString() == "sync points that rest").SelectMany(section => section.GetProperty("rows").EnumerateArray());

    private static async Task<int> WaitingAsync(OperatorClient asked, CancellationToken cancellationToken)
    {
        var row = (await asked.RunAsync("sync points", cancellationToken)).Rows().ShouldHaveSingleItem();
        return row.GetProperty("running").GetInt32() == 0 ? row.GetProperty("waiting").GetInt32() : -People;
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
