using System.Net;
using System.Text.Json;
using PasswordSync.Core.Decisions;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary><c>sync check</c>: are the targets' passwords the one that the operator types?</summary>
public sealed class Sync_check
{
    private const string Password = "Canary.Winter.2026!";

    private const string Wrong = "Canary.Summer.1999!";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Each_target_says_whether_it_has_the_password_nothing_changes_and_nothing_shows_it()
    {
        using var beta = new MemoryTarget();
        using var gamma = new MemoryTarget();
        using var delta = new MemoryTarget();
        foreach (var target in (MemoryTarget[])[beta, gamma, delta]) target.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta, ["delta"] = delta, ["gamma"] = gamma }, Token);
        using var admin = OperatorClient.First(node);
        await node.SendAsync(Token, await node.CaptureAsync("ada", Password, 7, Token));
        foreach (var point in (string[])["beta", "delta", "gamma"]) await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess && e.Point.Value == point, Token);
        var points = (await admin.RunAsync("sync identity show", Token, ("user", "ada"))).Rows("sync points");
        points.Count.ShouldBe(3);
        points.ShouldAllBe(row => row.ToString().Contains("delivered", StringComparison.Ordinal));
        gamma.SetBehindTheBack("ada", Wrong, DateTimeOffset.UtcNow);
        delta.Remove("ada");
        var writes = beta.Writes.Length + gamma.Writes.Length;

        var right = (await admin.RunAsync("sync check", Token, ("user", "ada"), ("password", Password))).Rows();
        var wrong = (await admin.RunAsync("sync check", Token, ("user", "ada"), ("point", "beta"), ("password", Wrong))).Rows();

        right.Select(row => (Text(row, "point"), Text(row, "result"))).ShouldBe([("beta", "has it"), ("delta", "cannot be told"), ("gamma", "not that password")]);
        Text(right[1], "reason").ShouldNotBeEmpty();
        wrong.Select(row => (Text(row, "point"), Text(row, "result"))).ShouldBe([("beta", "not that password")]);
        (beta.Writes.Length + gamma.Writes.Length).ShouldBe(writes);
        beta.SignIn("ada", Password).ShouldBeTrue();
        var audit = (await admin.RunAsync("audit list", Token)).Rows().Where(row => Text(row, "operation") == "sync check").ToList();
        audit.Select(row => Text(row, "stage")).ShouldBe(["begun", "done", "begun", "done"]);
        audit.ShouldAllBe(row => !row.ToString().Contains("Canary", StringComparison.Ordinal));
        Text(audit[1], "after").ShouldBe("beta: has it, delta: cannot be told, gamma: not that password");
        (await admin.RunAsync("log peek", Token, ("level", "debug"), ("limit", "5000"))).ToString().ShouldNotContain("Canary");
        string.Join('\n', node.Log.All).ShouldNotContain("Canary");
    }

    [Fact(Timeout = 600_000)]
    public async Task Nobody_s_password_can_be_guessed_this_way_and_only_the_client_s_secret_is_taken()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        await node.SendAsync(Token, await node.CaptureAsync("ada", Password, 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);

        for (var i = 0; i < 3; i++) await admin.RunAsync("sync check", Token, ("user", "ada"), ("password", Wrong));

        (await admin.RefusedAsync(HttpStatusCode.Conflict, "sync check", Token, ("user", "ada"), ("password", Password))).ShouldMatch("^The password of ada was tried 3 times within 30 minutes, which is the most: wait [0-9]+ minutes.$");
        (await admin.RefusedAsync(HttpStatusCode.BadRequest, "sync check", Token, ("user", "ada"))).ShouldStartWith("'password' is missing");
        (await admin.RefusedAsync(HttpStatusCode.NotFound, "sync check", Token, ("user", "bob"), ("password", Password))).ShouldNotContain("Canary");
        using var viewer = await admin.MakeAsync(node, "vera", "viewer", Token);
        (await viewer.RefusedAsync(HttpStatusCode.Forbidden, "sync check", Token, ("user", "ada"), ("password", Password))).ShouldContain("operator");
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
