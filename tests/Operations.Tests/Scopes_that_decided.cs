using System.Text.Json;
using PasswordSync.Core.Decisions;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>By which scopes somebody has a sync point, where several could have given it.</summary>
public sealed class Scopes_that_decided
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Explain_names_those_in_which_the_edge_found_the_account_and_says_when_they_give_the_point_no_more()
    {
        using var beta = new MemoryTarget();
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        await using var node = await TestNode.StartAsync(targets, Token);
        await ConfigureAsync(node, targets, pointsOfAdmins: ["beta"]);
        using (var admin = OperatorClient.First(node))
        {
            foreach (var (user, scopes) in ((string, string[])[])[("ada", ["staff"]), ("bob", ["admins"]), ("cat", ["staff", "admins"])])
            {
                beta.Add(user);
                var capture = await node.CaptureAsync(user, "Winter.2026!", 7, Token) with { Scopes = [.. scopes] };
                await node.SendAsync(Token, capture);
                await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess && e.CaptureId == capture.CaptureId, Token);
                beta.SignIn(user, "Winter.2026!").ShouldBeTrue();
            }

            (await WhyAsync(admin, "ada")).ShouldBe(("by scope staff", "staff", "staff"));
            (await WhyAsync(admin, "bob")).ShouldBe(("by scope admins", "admins", "admins"));
            (await WhyAsync(admin, "cat")).ShouldBe(("by each of the scopes staff, admins", "staff, admins", "staff, admins"));
        }

        await ConfigureAsync(node, targets, pointsOfAdmins: []);
        using var after = OperatorClient.First(node);

        (await WhyAsync(after, "ada")).ShouldBe(("by scope staff", "staff", "staff"));
        (await WhyAsync(after, "bob")).ShouldBe(("no scope gives it any more", "", "admins"));
        (await WhyAsync(after, "cat")).ShouldBe(("by scope staff", "staff", "staff, admins"));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_scope_that_was_renamed_is_named_until_another_change_is_decided()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        await using var node = await TestNode.StartAsync(targets, Token);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        object[] scopes = [new { name = "people", source = "alpha", baseDn = "DC=alpha,DC=test", points = targets.Keys }];
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "scopes.json"), JsonSerializer.Serialize(new { scopes }), Token);
        await node.RestartAsync(targets, null, Token);
        using var admin = OperatorClient.First(node);

        (await WhyAsync(admin, "ada")).ShouldBe(("by scope staff, which is not configured any more", "", "staff"));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_rule_that_says_something_else_since_the_last_change_is_marked()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        await using var node = await TestNode.StartAsync(targets, Token);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        using (var before = OperatorClient.First(node)) (await ChangedAsync(before)).ShouldBeNull();
        object[] scopes = [new { name = "staff", source = "alpha", baseDn = "OU=berlin,DC=alpha,DC=test", points = targets.Keys }];
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "scopes.json"), JsonSerializer.Serialize(new { scopes }), Token);
        await node.RestartAsync(targets, null, Token);
        using var after = OperatorClient.First(node);

        (await ChangedAsync(after))!.ShouldStartWith("it said something else when the last change was decided, at ");

        static async Task<string?> ChangedAsync(OperatorClient admin) => (await admin.RunAsync("sync explain", Token, ("user", "ada"))).Rows("scopes").Single().GetProperty("changed").GetString();
    }

    private static async Task ConfigureAsync(TestNode node, Dictionary<string, MemoryTarget> targets, string[] pointsOfAdmins)
    {
        object[] scopes = [new { name = "staff", source = "alpha", baseDn = "DC=alpha,DC=test", points = targets.Keys }, new { name = "admins", source = "alpha", baseDn = "OU=admins,DC=alpha,DC=test", points = pointsOfAdmins }];
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "scopes.json"), JsonSerializer.Serialize(new { scopes }), Token);
        await node.RestartAsync(targets, null, Token);
    }

    /// <summary>Why somebody has the point, whose rules are shown, and in which scopes the capture was.</summary>
    private static async Task<(string Why, string Rules, string OfCapture)> WhyAsync(OperatorClient admin, string user)
    {
        var explained = await admin.RunAsync("sync explain", Token, ("user", user));
        return (
            explained.Rows("sync points").Single().GetProperty("why").GetString()!.Split(", since ")[0],
            string.Join(", ", explained.Rows("scopes").Select(row => row.GetProperty("scope").GetString())),
            explained.Rows("captures of the last 7 days").Single().GetProperty("scopes").GetString()!);
    }
}
