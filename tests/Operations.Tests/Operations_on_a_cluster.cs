using System.Net;
using System.Text.Json;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>What operators ask and do about passwords at two nodes over PostgreSQL: any node answers, and whoever owns the person decides.</summary>
public sealed class Operations_on_a_cluster(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Everything_can_be_asked_and_done_at_the_node_that_does_not_own_the_person()
    {
        using var beta = new MemoryTarget { Server = "dc7.beta.test:636" };
        using var gamma = new MemoryTarget { PasswordLengthMin = 20 };
        await using var nodes = await TwoNodes.StartAsync(servers, new Dictionary<string, MemoryTarget> { ["beta"] = beta, ["gamma"] = gamma }, Token);
        var owned = new Dictionary<string, List<string>> { ["node1"] = [], ["node2"] = [] };
        for (var i = 0; owned.Values.Any(users => users.Count == 0); i++)
        {
            var user = $"user{i}";
            foreach (var target in (MemoryTarget[])[beta, gamma]) target.Add(user);
            await nodes.North.SendAsync(Token, await nodes.North.CaptureAsync(user, "Winter.2026!", 7, Token));
            var explained = await nodes.AtNorth.UntilAsync("sync explain", reply => reply.ToString().Contains("\"parked\"", StringComparison.Ordinal), Token, ("user", user));
            owned[await OwnerAsync(nodes, explained.Fact("identity"))].Add(user);
        }

        // Whoever is asked: the times are each node's that delivered.
        var all = owned.Values.Sum(users => users.Count);
        foreach (var asked in (OperatorClient[])[nodes.AtNorth, nodes.AtSouth])
        {
            var status = await asked.UntilAsync("sync status", reply => TimesOf(reply, "target").Sum(row => row.Count) == all, Token);
            TimesOf(status, "node").ShouldBe(owned.Select(node => (node.Key, node.Value.Count)).Order());
        }

        foreach (var (asked, stranger) in ((OperatorClient, string)[])[(nodes.AtNorth, owned["node2"][0]), (nodes.AtSouth, owned["node1"][0])])
        {
            var explained = (await asked.UntilAsync("sync explain", reply => StateOf(reply, "beta") == "delivered", Token, ("user", stranger))).Rows("sync points");
            explained.Select(row => Text(row, "state")).ShouldBe(["delivered", "parked"]);
            (await asked.RunAsync("sync parked list", Token)).Rows().Select(row => Text(row, "user")).ShouldContain(stranger);
            (await asked.RunAsync("sync history", Token, ("user", stranger), ("point", "beta"))).Rows().Where(row => Text(row, "event") == "finished").Select(row => Text(row, "server")).ShouldBe(["dc7.beta.test:636"]);
            var writes = beta.Writes.Count(write => write.Login == stranger);

            (await asked.RunAsync("sync resend", Token, ("user", stranger), ("point", "beta"))).Rows().Single().GetProperty("result").GetString().ShouldBe("done");
            await asked.UntilAsync("sync explain", _ => beta.Writes.Count(write => write.Login == stranger) == writes + 1, Token, ("user", stranger));
            (await asked.RunAsync("sync parked retry", Token, ("user", stranger))).Rows().Single().GetProperty("before").GetString().ShouldBe("parked");
            await asked.UntilAsync("sync history", reply => reply.Rows().Count(row => Text(row, "event") == "finished" && Text(row, "point") == "gamma") == 2, Token, ("user", stranger));
            await asked.UntilAsync("sync explain", reply => StateOf(reply, "gamma") == "parked", Token, ("user", stranger));
            (await asked.RunAsync("sync discard", Token, ("user", stranger), ("point", "gamma"), ("reason", "has left"))).Rows().Single().GetProperty("after").GetString().ShouldBe("discarded");
            (await asked.RefusedAsync(HttpStatusCode.Conflict, "sync parked retry", Token, ("user", stranger))).ShouldContain("nothing to do");
        }

        var audit = (await nodes.AtNorth.RunAsync("audit list", Token, ("limit", "1000"))).Rows().Where(row => Text(row, "operation") == "sync resend" && Text(row, "stage") == "done").Select(row => Text(row, "node"));
        audit.ShouldBe(["node1", "node2"], "each was written down where it was asked");
        (await nodes.AtSouth.RunAsync("audit verify", Token)).Fact("audit").ShouldBe("the chain is whole");
        nodes.North.Events.Concat(nodes.South.Events).Count(entry => entry.Event is IdentityEvent.DeliveryEnded { End: DeliveryEnd.Discarded }).ShouldBe(2, "each was decided once");
    }

    [Fact(Timeout = 600_000)]
    public async Task What_is_parked_at_all_nodes_is_retried_from_one_and_what_waits_is_seen_from_one()
    {
        using var beta = new MemoryTarget { PasswordLengthMin = 20 };
        await using var nodes = await TwoNodes.StartAsync(servers, new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        string[] users = [.. Enumerable.Range(0, 8).Select(i => $"user{i}")];
        await nodes.AtNorth.RunAsync("sync point pause", Token, ("point", "beta"));
        await nodes.AtSouth.UntilAsync("sync points", listed => Text(listed.Rows().Single(), "state") == "paused", Token);
        foreach (var user in users)
        {
            beta.Add(user);
            await nodes.South.SendAsync(Token, await nodes.South.CaptureAsync(user, "Winter.2026!", 7, Token));
        }

        foreach (var asked in (OperatorClient[])[nodes.AtNorth, nodes.AtSouth])
        {
            var queue = await asked.UntilAsync("sync queue", listed => listed.Rows().Count == users.Length, Token);
            queue.Rows().Select(row => Text(row, "user")).ShouldBe(users, ignoreOrder: true);
        }

        await nodes.AtSouth.RunAsync("sync point resume", Token, ("point", "beta"));
        await nodes.AtNorth.UntilAsync("sync parked list", listed => listed.Rows().Count == users.Length, Token);
        (await nodes.AtSouth.RunAsync("sync parked list", Token)).Rows().Select(row => Text(row, "user")).ShouldBe(users, ignoreOrder: true);
        (await nodes.AtNorth.RunAsync("sync parked retry-all", Token)).Rows().Single().GetProperty("retried").GetInt32().ShouldBe(users.Length);
        await nodes.AtSouth.UntilAsync("sync history", listed => listed.Rows().Count(row => Text(row, "event") == "finished") == 2 * users.Length, Token, ("limit", "1000"));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_good_verification_at_one_node_lets_what_waits_at_all_nodes_be_tried_now()
    {
        using var beta = new MemoryTarget();
        var isBroken = true;
        await using var nodes = await TwoNodes.StartAsync(
            servers, new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token,
            (call, _) => Task.FromResult<DeliveryOutcome?>(Volatile.Read(ref isBroken) ? new DeliveryOutcome.TargetMisconfigured("The credentials are wrong.") : null),
            retry: new { initialDelay = "01:00:00", delayMax = "01:00:00" });
        var owned = new Dictionary<string, string>();
        for (var i = 0; owned.Count < 2; i++)
        {
            var user = $"user{i}";
            beta.Add(user);
            await nodes.North.SendAsync(Token, await nodes.North.CaptureAsync(user, "Winter.2026!", 7, Token));
            var explained = await nodes.AtNorth.UntilAsync("sync explain", reply => reply.ToString().Contains("credentials are wrong", StringComparison.Ordinal), Token, ("user", user));
            owned[await OwnerAsync(nodes, explained.Fact("identity"))] = user;
        }

        (await nodes.AtNorth.RunAsync("sync point verify", Token, ("point", "beta"))).Rows().Select(row => Text(row, "result")).ShouldContain("failed");
        beta.Writes.ShouldBeEmpty();
        Volatile.Write(ref isBroken, false);

        // A second section names whom a busy machine left untold: who verifies again tells them.
        await nodes.AtNorth.UntilAsync(
            "sync point verify",
            verified => verified.Root.GetProperty("sections").GetArrayLength() == 1 && verified.Rows().All(row => Text(row, "result") != "failed"),
            Token,
            ("point", "beta"));

        foreach (var user in owned.Values) await nodes.AtNorth.UntilAsync("sync explain", reply => StateOf(reply, "beta") == "delivered", Token, ("user", user));
        foreach (var user in owned.Values) beta.SignIn(user, "Winter.2026!").ShouldBeTrue();
    }

    private static async Task<string> OwnerAsync(TwoNodes nodes, string identity)
    {
        var shard = new IdentityId(Guid.Parse(identity)).Shard(256);
        return Text((await nodes.AtNorth.RunAsync("cluster-sharding list-shards", Token)).Rows()[shard], "owner");
    }

    private static IEnumerable<(string Name, int Count)> TimesOf(Reply status, string of) =>
        status.Rows("times from capture to target").Where(row => Text(row, "of") == of).Select(row => (Text(row, "name"), row.GetProperty("count").GetInt32()));

    private static string StateOf(Reply explained, string point) => explained.Rows("sync points").Where(row => Text(row, "point") == point).Select(row => Text(row, "state")).FirstOrDefault("");

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
