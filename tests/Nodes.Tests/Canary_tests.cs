using System.Text;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>
/// A password that nobody would choose goes through a whole node, well and badly, and is looked for afterwards: in what the node logged, journalled and wrote to disk,
/// and in every object that can be reached from it.
/// </summary>
public sealed class Canary_tests
{
    private const string Canary = "C4nary-Nöde-7731";
    private static readonly string[] Forms =
    [
        Canary, Convert.ToBase64String(Encoding.UTF8.GetBytes(Canary)), Convert.ToHexString(Encoding.UTF8.GetBytes(Canary)), Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Canary)),
        Convert.ToBase64String(Encoding.Unicode.GetBytes(Canary)), Uri.EscapeDataString(Canary), "C4nary",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task I5_no_log_file_or_object_of_a_node_shows_a_password_that_goes_through_it()
    {
        using var beta = new MemoryTarget();
        foreach (var person in new[] { "ann", "bob", "cid", "dan", "eve" }) beta.Add(person);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayGoOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token, async (call, _) =>
        {
            switch (call.Step, call.Account)
            {
                case (MemoryStep.Prepare, "bob"): throw new InvalidOperationException($"the target said '{Canary}'");
                case (MemoryStep.Writing, "cid"): throw new InvalidOperationException($"the target said '{Canary}'");
                case (MemoryStep.BeforeWrite, "dan"): return new DeliveryOutcome.RefusedByPolicy("too simple");
                case (MemoryStep.Writing, "eve"):
                    held.TrySetResult();
                    await mayGoOn.Task;
                    return null;
                default: return null;
            }
        }, retry: new { initialDelay = "1h", delayMax = "1h" });
        foreach (var person in new[] { "ann", "bob", "cid", "dan", "nobody", "eve" }) await node.SendAsync(Token, await node.CaptureAsync(person, Canary, 7, Token));
        await held.Task.WaitAsync(Token);
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome is DeliveryOutcome.Delivered, Token);
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome is DeliveryOutcome.Unknown, Token);
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome is DeliveryOutcome.RefusedByPolicy, Token);
        await node.WaitForAsync<IdentityEvent.ObstacleMet>(e => e.Outcome is DeliveryOutcome.AccountNotFound, Token);
        await node.WaitForAsync<IdentityEvent.ObstacleMet>(e => e.Outcome is DeliveryOutcome.Transient, Token);

        var (texts, owned) = (0, 0);
        foreach (var (found, way) in ObjectGraph.From(node.Server, value => value is MemoryTarget or MemoryScript))
        {
            if (found is string text)
            {
                texts++;
                Forms.Any(form => text.Contains(form, StringComparison.Ordinal)).ShouldBeFalse(way());
            }
            else if (found.GetType().Assembly.GetName().Name!.StartsWith("PasswordSync.", StringComparison.Ordinal) && found is not Delegate)
            {
                owned++;
                var said = found.ToString() ?? "";
                Forms.Any(form => said.Contains(form, StringComparison.Ordinal)).ShouldBeFalse(way());
            }
        }

        texts.ShouldBeGreaterThan(1_000, "the search itself works");
        owned.ShouldBeGreaterThan(100, "the search itself works");
        mayGoOn.SetResult();
        await node.Server.DisposeAsync();
        var told = string.Join('\n', node.Log.All) + string.Join('\n', node.Events);
        Forms.ShouldNotContain(form => told.Contains(form, StringComparison.Ordinal));
        foreach (var file in Directory.EnumerateFiles(node.Folder, "*", SearchOption.AllDirectories)) await LookIntoAsync(file);
    }

    private static async Task LookIntoAsync(string file)
    {
        var content = await File.ReadAllBytesAsync(file, Token);
        content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Canary)).ShouldBe(-1, file);
        content.AsSpan().IndexOf(Encoding.Unicode.GetBytes(Canary)).ShouldBe(-1, file);
        foreach (var form in Forms) content.AsSpan().IndexOf(Encoding.ASCII.GetBytes(form)).ShouldBe(-1, file);
    }
}
