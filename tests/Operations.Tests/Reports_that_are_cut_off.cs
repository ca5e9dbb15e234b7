using System.Text.Json;
using System.Text.Json.Nodes;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>An in-sync report whose directory does not answer.</summary>
public sealed class Reports_that_are_cut_off
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Timeout = 600_000)]
    [InlineData(null)]
    [InlineData("behind")]
    public async Task A_report_that_is_not_complete_says_so_whichever_state_is_asked_for(string? state)
    {
        using var nobody = new RefusingEndPoint();
        using var beta = new MemoryTarget();
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        await using var node = await TestNode.StartAsync(targets, Token);
        await PointToAsync(node, nobody);
        await node.RestartAsync(targets, null, Token);
        using var admin = OperatorClient.First(node);

        var rows = await admin.StreamAsync("sync report", int.MaxValue, Token, state is null ? [("scope", "staff")] : [("scope", "staff"), ("state", state)]);

        var row = rows.ShouldHaveSingleItem();
        row.GetProperty("state").GetString().ShouldBe("unknown");
        row.GetProperty("reason").GetString()!.ShouldStartWith("The report is not complete: ");
    }

    private static async Task PointToAsync(TestNode node, RefusingEndPoint nobody)
    {
        var (file, password) = (Path.Combine(node.Folder, "node.json"), Path.Combine(node.Folder, "reader"));
        await File.WriteAllTextAsync(password, "never asked for", Token);
        var settings = JsonNode.Parse(await File.ReadAllTextAsync(file, Token))!;
        settings["sources"]!["alpha"] = JsonSerializer.SerializeToNode(new { servers = new[] { $"{nobody.EndPoint}" }, security = "ldaps", bindName = "reader", bindPassword = $"file:{password}" });
        await File.WriteAllTextAsync(file, settings.ToJsonString(), Token);
    }
}
