using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>A sync point whose deliveries no living node may carry out.</summary>
public sealed class Points_that_nobody_reaches
{
    private const string Label = "site=berlin";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task The_status_says_that_deliveries_wait_for_a_node_with_the_labels_and_explain_says_it_of_the_person()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token, boundTo: Label);
        using var admin = OperatorClient.First(node);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));

        // One that is being tried just now has no reason.
        const string reason = $"No living node has the labels that 'beta' is bound to ({Label}): start such a node, or correct the labels.";
        var status = await admin.UntilAsync("sync status", shown => shown.Rows("troubles").Any(row => $"{row.GetProperty("reason")}" == reason), Token);
        var row = status.Rows("troubles").Single(trouble => $"{trouble.GetProperty("reason")}" == reason);
        ($"{row.GetProperty("what")}", row.GetProperty("people").GetInt32(), $"{row.GetProperty("remedy")}").ShouldBe(("beta: failing", 1, "pbm sync point verify beta"));

        (await admin.UntilAsync("sync explain", shown => shown.ToString().Contains(Label, StringComparison.Ordinal), Token, ("user", "ada"))).ToString().ShouldContain("No living node has the labels");
        beta.Writes.ShouldBeEmpty();
    }
}
