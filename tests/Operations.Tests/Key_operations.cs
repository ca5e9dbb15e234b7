using System.Text.Json;
using PasswordSync.Core.Decisions;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>The palette keys.</summary>
public sealed class Key_operations(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_key_that_is_turned_by_hand_is_sealed_to_at_once_and_the_former_one_still_opens()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        var former = (await node.FetchConfigurationAsync(Token)).SealingKeys.Single().Id;
        var sealedBefore = await node.CaptureAsync("ada", "Winter.2026!", 7, Token);

        var rotated = await admin.RunAsync("keys rotate", Token);

        (await node.FetchConfigurationAsync(Token)).SealingKeys[0].Id.ShouldBe(rotated.Fact("new key"));
        rotated.Fact("former key").ShouldBe(former);
        (await admin.RunAsync("keys list", Token)).Rows().Select(row => (Text(row, "key"), Text(row, "state"))).ShouldBe([(former, "retired, still opens"), (rotated.Fact("new key"), "sealed to now")]);
        await node.SendAsync(Token, sealedBefore);
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        beta.SignIn("ada", "Winter.2026!").ShouldBeTrue();
        var audited = (await admin.RunAsync("audit list", Token)).Rows().Single(row => Text(row, "operation") == "keys rotate" && Text(row, "stage") == "done");
        (Text(audited, "before"), Text(audited, "after")).ShouldBe(($"sealed to {former}", $"sealed to {rotated.Fact("new key")}"));
    }

    [Fact(Timeout = 600_000)]
    public async Task In_a_cluster_a_new_key_is_sealed_to_when_every_node_holds_it()
    {
        await using var nodes = await TwoNodes.StartAsync(servers, new Dictionary<string, MemoryTarget>(), Token);

        var made = (await nodes.AtSouth.RunAsync("keys rotate", Token)).Fact("new key");

        foreach (var asked in (OperatorClient[])[nodes.AtNorth, nodes.AtSouth])
        {
            await asked.UntilAsync("keys list", listed => listed.Rows().Any(row => Text(row, "key") == made && Text(row, "state") == "sealed to now"), Token);
            (await asked.RunAsync("keys list", Token)).Rows().Count.ShouldBe(2);
        }
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
