using System.Net;
using System.Text.Json;
using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>A sync point that is bound to the second of two nodes: whoever asks the first is answered by the second, which alone reaches the target.</summary>
public sealed class Targets_of_other_nodes(LabServers servers)
{
    private const string Label = "site=berlin";
    private const string Password = "Canary.Winter.2026!";
    private const string Wrong = "Canary.Summer.1999!";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Passwords_are_tried_and_points_verified_by_a_node_that_reaches_the_target_and_not_at_all_while_none_lives()
    {
        using var beta = new MemoryTarget { Server = "dc7.beta.test:636" };
        foreach (var user in (string[])["ada", "bob"]) beta.Add(user);
        var isBroken = false;
        await using var nodes = await TwoNodes.StartAsync(
            servers, new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token,
            (call, _) => Task.FromResult<DeliveryOutcome?>(call.Step == MemoryStep.Verify && Volatile.Read(ref isBroken) ? new DeliveryOutcome.TargetMisconfigured("The credentials are wrong.") : null),
            boundTo: Label);
        foreach (var user in (string[])["ada", "bob"])
        {
            await nodes.North.SendAsync(Token, await nodes.North.CaptureAsync(user, Password, 7, Token));
            await nodes.AtNorth.UntilAsync("sync explain", _ => beta.Writes.Any(write => write.Login == user), Token, ("user", user));
            await nodes.AtNorth.UntilAsync("sync history", reply => reply.Rows().Any(row => Text(row, "event") == "finished"), Token, ("user", user));
        }

        (await nodes.AtNorth.RunAsync("sync history", Token, ("user", "ada"))).Rows().Where(row => Text(row, "event") == "finished").Select(row => Text(row, "server")).ShouldBe(["dc7.beta.test:636"], "the node that wrote has told it");

        // Asked at the node that does not reach the target, and at the one that does.
        var right = await CheckAsync(nodes.AtNorth, "ada", Password);
        var wrong = await CheckAsync(nodes.AtNorth, "ada", Wrong);
        var there = await CheckAsync(nodes.AtSouth, "ada", Password);

        (Text(right.Rows()[0], "result"), Text(right.Rows()[0], "target"), HasBadNews(right)).ShouldBe(("has it", "ada", false));
        (Text(wrong.Rows()[0], "result"), HasBadNews(wrong)).ShouldBe(("not that password", true));
        Text(there.Rows()[0], "result").ShouldBe("has it");
        (await nodes.AtSouth.RefusedAsync(HttpStatusCode.Conflict, "sync check", Token, ("user", "ada"), ("password", Password))).ShouldContain("3 times", customMessage: "both nodes count together");
        nodes.South.Log.All.ShouldContain(line => line.Contains("asks for TryPassword, as operator admin wants", StringComparison.Ordinal));
        foreach (var node in (IEnumerable<string>[])[nodes.North.Log.All, nodes.South.Log.All]) string.Join('\n', node).ShouldNotContain("Canary");

        // The same for a verification, good and bad.
        var good = await VerifyAsync(nodes.AtNorth);
        good.Rows().Select(row => (Text(row, "check"), Text(row, "result"))).Take(2).ShouldBe([("node", "passed"), ("reachability", "passed")]);
        (Text(good.Rows()[0], "finding"), HasBadNews(good)).ShouldBe(($"node2 has the labels {Label}, and found what follows.", false));
        Volatile.Write(ref isBroken, true);
        var bad = await VerifyAsync(nodes.AtNorth);
        (Text(bad.Rows()[1], "result"), HasBadNews(bad)).ShouldBe(("failed", true));
        bad.Rows()[1].ToString().ShouldContain("The credentials are wrong.");

        // Without a node that reaches it nothing is told, and why not is said.
        await nodes.South.Server.DisposeAsync();
        var nobody = await nodes.AtNorth.UntilAsync("sync point verify", reply => reply.ToString().Contains("No living node has the labels", StringComparison.Ordinal), Token, ("point", "beta"));
        nobody.Rows().Select(row => Text(row, "result")).ShouldBe(["failed"]);
        var untold = await CheckAsync(nodes.AtNorth, "bob", Password);
        (Text(untold.Rows()[0], "result"), Text(untold.Rows()[0], "reason"), HasBadNews(untold)).ShouldBe(
            ("cannot be told", $"No living node has the labels that 'beta' is bound to ({Label}): start such a node, or correct the labels.", false));
        beta.Writes.Count(write => write.Login == "bob").ShouldBe(1, "nothing but the delivery was written");
    }

    private static Task<Reply> CheckAsync(OperatorClient asked, string user, string password) => asked.RunAsync("sync check", Token, ("user", user), ("password", password));

    private static Task<Reply> VerifyAsync(OperatorClient asked) => asked.RunAsync("sync point verify", Token, ("point", "beta"));

    private static bool HasBadNews(Reply reply) => reply.Root.TryGetProperty("badNews", out var bad) && bad.GetBoolean();

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
