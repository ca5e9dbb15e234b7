using System.Text.Json;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>How the tools tell what waits from what is under way.</summary>
public sealed class Waiting_and_in_flight
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task What_is_in_flight_is_due_no_more_and_the_newer_change_behind_it_waits()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token, async (call, _) =>
        {
            if (call.Step != MemoryStep.Writing) return null;
            writing.TrySetResult();
            await goOn.Task;
            return null;
        });
        using var admin = OperatorClient.First(node);

        // Bob has no account there.
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token), await node.CaptureAsync("bob", "Winter.2026!", 7, Token));
        await writing.Task.WaitAsync(Token);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Spring.2027!", 8, Token));

        var queue = await admin.UntilAsync("sync queue", shown => shown.Rows().Count == 3 && shown.Rows().Any(row => Text(row, "state") == "failed, waits"), Token);
        var of = queue.Rows().ToDictionary(row => (Text(row, "user"), Text(row, "state")));
        Text(of[("ada", "in flight")], "dueAt").ShouldBe("");
        Text(of[("ada", "in flight")], "reason").ShouldContain("An attempt runs until");
        (Text(of[("ada", "waits")], "dueAt"), Text(of[("ada", "waits")], "reason")).ShouldBe(("", "It waits for the end of the attempt in flight."));
        Text(of[("bob", "failed, waits")], "dueAt").ShouldNotBe("");

        goOn.SetResult();
        queue = await admin.UntilAsync("sync queue", shown => shown.Rows().All(row => Text(row, "user") != "ada"), Token);
        Text(queue.Rows().Single(), "user").ShouldBe("bob");
        beta.SignIn("ada", "Spring.2027!").ShouldBeTrue();
    }

    private static string Text(JsonElement row, string column) => row.TryGetProperty(column, out var value) ? value.ToString() : "";
}
