using System.Net;
using System.Text.Json;
using PasswordSync.Core.Deliveries;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode.Cluster.Requests;
using PasswordSync.SyncNode.Operations.Sync;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary><c>sync parked list</c> and <c>retry-all</c> where there is more than is asked for, and where not everybody can be asked: what was left out is told.</summary>
public sealed class Retrying_all
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task What_is_beyond_the_limit_is_told_and_one_person_who_cannot_be_asked_costs_nobody_else()
    {
        using var beta = new MemoryTarget { PasswordLengthMin = 20 };
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        await using var node = await TestNode.StartAsync(targets, Token);
        using (var admin = OperatorClient.First(node))
        {
            foreach (var user in (string[])["ada", "bob"])
            {
                beta.Add(user);
                await node.SendAsync(Token, await node.CaptureAsync(user, "Short.1!", 7, Token));
            }

            await admin.UntilAsync("sync parked list", listed => listed.Rows().Count == 2, Token);
            var one = await admin.RunAsync("sync parked list", Token, ("limit", "1"));
            one.Rows().Count.ShouldBe(1);
            Text(one.Rows(1).Single(), "value").ShouldStartWith("1 of 2, ");
            (await admin.RunAsync("sync parked list", Token, ("limit", "2"))).Root.GetProperty("sections").GetArrayLength().ShouldBe(1, "all are shown");

            var some = await admin.UntilAsync("sync parked retry-all", reply => reply.Rows().Any(row => row.GetProperty("retried").GetInt32() == 1) && reply.Rows(1).Count == 1, Token, ("limit", "1"));
            Text(some.Rows(1).Single(), "what").ShouldBe("not tried");
            await admin.UntilAsync("sync parked list", listed => listed.Rows().Count == 2, Token);
        }

        // As if a newer version had written what this one cannot read.
        await NodeDatabase.ChangeAsync(node, "UPDATE event SET kind = 'of-a-newer-version.1' WHERE identity_id = (SELECT identity_id FROM parked ORDER BY since LIMIT 1)", Token);
        await node.RestartAsync(targets, null, Token);
        using var again = OperatorClient.First(node);
        await again.UntilReadyAsync(Token);

        var told = await again.UntilAsync("sync parked retry-all", reply => reply.Rows().Any(row => row.GetProperty("retried").GetInt32() == 1), Token);

        (told.Rows().Single().GetProperty("noAnswer").GetInt32(), told.Rows().Single().GetProperty("refused").GetInt32()).ShouldBe((1, 0));
        (Text(told.Rows(1).Single(), "what"), Text(told.Rows(1).Single(), "value")).ShouldSatisfyAllConditions(left => left.Item1.ShouldBe("no answer"), left => left.Item2.ShouldContain("could not be asked"));
        var done = (await again.RunAsync("audit list", Token)).Rows().Last(row => Text(row, "operation") == "sync parked retry-all" && Text(row, "stage") == "done");
        (Text(done, "before"), Text(done, "after")).ShouldBe(("2 parked or failed", "1 retried, 1 without an answer"));

        // Lists and the status go on without the one that cannot be read, and name it.
        var parked = await again.UntilAsync("sync parked list", listed => listed.Rows().Count == 2, Token);
        var unreadable = parked.Rows().Single(row => Text(row, "why") == "unreadable");
        Text(unreadable, "reason").ShouldContain("of-a-newer-version.1");
        Text(unreadable, "user").ShouldNotBeEmpty();
        parked.Rows().Single(row => Text(row, "why") == "refused by policy").GetProperty("identity").GetString().ShouldNotBe(Text(unreadable, "identity"));
        (await again.RunAsync("sync status", Token)).Rows("troubles").Select(row => Text(row, "what")).ShouldContain("beta: parked");
        (await again.RefusedAsync(HttpStatusCode.Conflict, "sync explain", Token, ("user", Text(unreadable, "identity")))).ShouldContain("of-a-newer-version.1");
        await NodeDatabase.ChangeAsync(node, "UPDATE event SET body = '[]' WHERE kind = 'attempt-finished.1'", Token);
        var status = await again.RunAsync("sync status", Token);
        status.Rows("troubles").Select(row => Text(row, "what")).ShouldContain("beta: parked");
        status.Rows("times from capture to target").Select(row => (Text(row, "of"), row.GetProperty("count").GetInt32() > 0)).ShouldBe([("unreadable", true)]);
    }

    [Fact(Timeout = 600_000)]
    public async Task What_is_in_flight_is_not_told_as_refused()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        var writes = 0;
        var silent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token, WriteAsync);
        using var admin = OperatorClient.First(node);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await silent.Task.WaitAsync(Token);

        // Where the silent attempt has run out of its time before it was asked, another fails and the one after it is silent again.
        var told = await admin.UntilAsync("sync parked retry-all", reply => reply.Rows().Any(row => row.GetProperty("inFlight").GetInt32() == 1), Token, ("waiting", "true"));

        (told.Rows().Single().GetProperty("retried").GetInt32(), told.Rows().Single().GetProperty("refused").GetInt32()).ShouldBe((0, 0));

        async Task<DeliveryOutcome?> WriteAsync(MemoryCall call, CancellationToken token)
        {
            if (call.Step != MemoryStep.Writing) return null;
            if (Interlocked.Increment(ref writes) % 2 == 1) return new DeliveryOutcome.Transient("The server is down.");
            silent.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
            return null;
        }
    }

    [Fact]
    public void People_of_a_silent_node_who_were_not_asked_are_counted_for_each_node_with_what_to_do()
    {
        (SyncPointId, Decided)[] results =
        [
            (new("beta"), Decided.Of(null)), (new("beta"), Decided.NoAnswer("The actor did not answer.")), (new("beta"), Decided.NotAsked("node2")), (new("gamma"), Decided.NotAsked("node2")), (new("gamma"), Decided.NotAsked("node3")),
        ];

        var told = RetryAll.Told(results, wanted: 5, isCut: false);

        told.Answer.Sections[0].Rows.Select(row => (row[0], row[1], row[4])).ShouldBe([("beta", 1, 2), ("gamma", 0, 2)]);
        var facts = told.Answer.Sections[1].Rows.Select(row => ((string)row[0]!, (string)row[1]!)).ToList();
        facts.Select(fact => fact.Item1).ShouldBe(["not asked", "not asked", "no answer"]);
        facts[0].Item2.ShouldStartWith($"2 deliveries at the node node2, which was silent {OperatorDecisions.SilencesMax} times in a row: look at it with 'pbm doctor'");
        facts[1].Item2.ShouldStartWith("1 delivery at the node node3, ");
        facts[2].Item2.ShouldBe("The actor did not answer.");
        told.After.ShouldBe("1 retried, 1 without an answer, 3 not asked");
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
