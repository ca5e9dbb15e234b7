using System.Net;
using System.Text.Json;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>Records that a newer version wrote, or that are damaged: the password log tells of each and goes on behind it, and lists go on without whoever cannot be read.</summary>
public sealed class Records_that_cannot_be_read
{
    private const string Newer = NodeDatabase.NewerKind;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task The_password_log_has_a_row_for_each_and_goes_on_behind_it()
    {
        using var beta = new MemoryTarget();
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        foreach (var user in (string[])["ada", "bob"])
        {
            beta.Add(user);
            await node.SendAsync(Token, await node.CaptureAsync(user, "Winter.2026!", 7, Token));
            await admin.UntilAsync("sync history", log => log.Rows().Any(row => Text(row, "event") == "finished" && Text(row, "user") == user), Token);
        }

        var all = (await admin.RunAsync("sync history", Token)).Rows();
        var (damaged, newer) = (OfAda("accepted"), OfAda("applying"));

        // What cannot be read is one row, whatever it would have told: here that the change was accepted, and where it was queued.
        var told = Numbers(all);
        told.Remove(damaged);
        await NodeDatabase.ChangeAsync(node, $"UPDATE event SET body = '[]' WHERE event_id = {damaged}", Token);
        await NodeDatabase.ChangeAsync(node, $"UPDATE event SET kind = '{Newer}' WHERE event_id = {newer}", Token);

        var history = (await admin.RunAsync("sync history", Token)).Rows();
        Numbers(history).ShouldBe(told);
        Unreadable(history).ShouldBe([damaged, newer]);
        var (first, second) = (history.Single(row => Number(row) == damaged), history.Single(row => Number(row) == newer));
        Text(first, "message").ShouldStartWith($"Event 2 of identity {Text(first, "identity")} cannot be read: The stored record of kind 'capture-accepted.1' does not have the shape of its kind");
        Text(second, "message").ShouldBe($"Event 3 of identity {Text(first, "identity")} cannot be read: The store holds an event of kind '{Newer}', which this version does not know. Run the version that wrote it, or a newer one.");
        (Text(first, "source"), Text(first, "at")).ShouldBe(("alpha", Text(all.First(row => Number(row) == damaged), "at")));
        history.Where(row => Text(row, "user") == "bob").Select(row => Text(row, "event")).ShouldBe(["scoped", "assigned", "accepted", "queued", "applying", "finished"]);

        // Nobody can tell what they are about: only whose they are, and when, leaves them out.
        foreach (var (name, value) in ((string, string)[])[("event", "finished"), ("event", "unreadable"), ("failures", "true"), ("source", "alpha"), ("point", "beta"), ("controller", "elsewhere"), ("last", "1h")])
        {
            Unreadable((await admin.RunAsync("sync history", Token, (name, value))).Rows()).ShouldBe([damaged, newer], name);
        }

        (await admin.RunAsync("sync history", Token, ("event", "unreadable"))).Rows().Count.ShouldBe(2);
        Unreadable((await admin.RunAsync("sync history", Token, ("user", "bob"))).Rows()).ShouldBeEmpty();
        Unreadable((await admin.RunAsync("sync history", Token, ("user", "ada"))).Rows()).ShouldBe([damaged, newer]);

        var exported = await admin.StreamAsync("sync export", int.MaxValue, Token);
        Numbers(exported).ShouldBe(told);
        Unreadable(exported).ShouldBe([damaged, newer]);
        Numbers(await admin.StreamAsync("sync tail", told.Count, Token, ("last", "1h"), ("number", $"{told.Count}"))).ShouldBe(told);
        (await admin.RunAsync("sync status", Token)).Rows("times from capture to target").Select(row => (Text(row, "of"), Text(row, "count"))).ShouldContain(("unreadable", "1"), "the other is of a kind that is not looked at");

        long OfAda(string happened) => Number(all.Single(row => Text(row, "user") == "ada" && Text(row, "event") == happened));
    }

    [Fact(Timeout = 600_000)]
    public async Task Lists_name_who_cannot_be_read_and_have_all_the_others()
    {
        using var beta = new MemoryTarget();
        using var gamma = new MemoryTarget();
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta, ["gamma"] = gamma };
        await using var node = await TestNode.StartAsync(targets, Token, retry: new { initialDelay = "01:00:00", delayMax = "01:00:00" });
        using var admin = OperatorClient.First(node);
        await admin.RunAsync("sync point disable", Token, ("point", "gamma"));

        // Nobody has an account in beta: each waits there, and each has missed gamma.
        foreach (var user in (string[])["ada", "bob"]) await node.SendAsync(Token, await node.CaptureAsync(user, "Winter.2026!", 7, Token));
        var queue = await admin.UntilAsync("sync queue", listed => listed.Rows().Count(row => Text(row, "reason").Length > 0) == 2, Token);
        queue.Rows().Select(row => Text(row, "user")).ShouldBe(["ada", "bob"], ignoreOrder: true);
        (await admin.RunAsync("sync missed list", Token)).Rows().Select(row => Text(row, "user")).ShouldBe(["ada", "bob"], ignoreOrder: true);
        var identity = Text((await admin.RunAsync("sync missed list", Token)).Rows().Single(row => Text(row, "user") == "ada"), "identity");
        await NodeDatabase.ChangeAsync(node, $"UPDATE event SET kind = '{Newer}' WHERE kind = 'obstacle-met.1' AND lower(hex(identity_id)) = '{identity.Replace("-", "", StringComparison.Ordinal)}'", Token);

        var waiting = (await admin.RunAsync("sync queue", Token)).Rows();
        waiting.Select(row => (Text(row, "user"), Text(row, "state"))).ShouldBe([("ada", "unreadable"), ("bob", "failed, waits")], ignoreOrder: true);
        Text(waiting.Single(row => Text(row, "user") == "ada"), "reason").ShouldContain(Newer);
        var missed = (await admin.RunAsync("sync missed list", Token)).Rows();
        missed.Select(row => (Text(row, "user"), Text(row, "point"))).ShouldBe([("ada", "gamma"), ("bob", "gamma")], ignoreOrder: true);
        var (ada, bob) = (missed.Single(row => Text(row, "user") == "ada"), missed.Single(row => Text(row, "user") == "bob"));
        (Text(ada, "why"), Text(ada, "reason").Contains(Newer, StringComparison.Ordinal)).ShouldBe(("unreadable", true));
        Text(bob, "why").ShouldNotBe("unreadable");
        (await admin.RunAsync("sync status", Token)).Rows("troubles").Select(row => Text(row, "what")).ShouldContain("gamma: missed");

        // About that person alone nothing can be told once the node has forgotten how they stand.
        await node.RestartAsync(targets, null, Token);
        using var again = OperatorClient.First(node);
        await again.UntilReadyAsync(Token);
        (await again.RefusedAsync(HttpStatusCode.Conflict, "sync explain", Token, ("user", "ada"))).ShouldContain(Newer);
        (await again.RunAsync("sync explain", Token, ("user", "bob"))).Fact("who").ShouldBe("bob");
    }

    private static List<long> Unreadable(IEnumerable<JsonElement> rows) => [.. rows.Where(row => Text(row, "event") == "unreadable").Select(Number)];

    private static List<long> Numbers(IEnumerable<JsonElement> rows) => [.. rows.Select(Number)];

    private static long Number(JsonElement row) => row.GetProperty("record").GetInt64();

    private static string Text(JsonElement row, string column) => row.TryGetProperty(column, out var value) ? value.ToString() : "";
}
