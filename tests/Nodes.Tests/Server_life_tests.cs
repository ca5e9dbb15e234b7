using System.Net;
using System.Net.Sockets;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Settings;
using PasswordSync.Hosting.Settings;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>How a node begins and ends: a start that fails half-way leaves nothing behind, an end waits for what is in hand.</summary>
public sealed class Server_life_tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_start_that_fails_half_way_leaves_nothing_behind()
    {
        using var beta = new MemoryTarget();
        beta.Add("ann");
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        await using var node = await TestNode.StartAsync(targets, Token);
        await node.Server.DisposeAsync();
        var file = Path.Combine(node.Folder, "node.json");
        var proper = await File.ReadAllTextAsync(file, Token);
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        // The listener comes last: database, keys, providers and actors are there by then.
        await File.WriteAllTextAsync(file, proper.Replace("127.0.0.1:0", $"{taken.LocalEndpoint}", StringComparison.Ordinal), Token);
        await Should.ThrowAsync<IOException>(() => node.RestartAsync(targets, script: null, Token));

        await File.WriteAllTextAsync(file, proper, Token);
        await node.RestartAsync(targets, script: null, Token);
        await node.SendAsync(Token, await node.CaptureAsync("ann", "Autumn.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome is DeliveryOutcome.Delivered, Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_start_with_a_sync_point_that_cannot_be_made_says_which_and_leaves_nothing_behind()
    {
        using var beta = new MemoryTarget();
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        await using var node = await TestNode.StartAsync(targets, Token);
        await node.Server.DisposeAsync();

        var refused = await Should.ThrowAsync<SettingsException>(() => node.RestartAsync(new Dictionary<string, MemoryTarget>(), script: null, Token));

        refused.Message.ShouldContain("points[0].settings.target");
        await node.RestartAsync(targets, script: null, Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_start_with_another_passphrase_or_roots_that_are_not_there_says_which_key_and_leaves_nothing_behind()
    {
        using var beta = new MemoryTarget();
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        await using var node = await TestNode.StartAsync(targets, Token);
        await node.Server.DisposeAsync();
        var (file, passphrase) = (Path.Combine(node.Folder, "node.json"), Path.Combine(node.Folder, "passphrase"));
        var proper = await File.ReadAllTextAsync(file, Token);

        await File.WriteAllTextAsync(passphrase, "another passphrase", Token);
        var other = (await Should.ThrowAsync<SettingsException>(() => node.RestartAsync(targets, script: null, Token))).Faults.ShouldHaveSingleItem();
        await File.WriteAllBytesAsync(passphrase, TestNode.Passphrase, Token);
        await File.WriteAllTextAsync(file, proper.Replace("\"security\":\"ldaps\"", "\"security\":\"ldaps\",\"roots\":[\"/nowhere/ca.pem\"]", StringComparison.Ordinal), Token);
        var away = (await Should.ThrowAsync<SettingsException>(() => node.RestartAsync(targets, script: null, Token))).Faults.ShouldHaveSingleItem();

        (other.Key, other.Found).ShouldBe(("passphrase", SettingFault.NotShown));
        (away.Key, away.Found).ShouldBe(($"sources.{TestNode.Source}.roots", "/nowhere/ca.pem"));
        await File.WriteAllTextAsync(file, proper, Token);
        await node.RestartAsync(targets, script: null, Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task I1_an_end_waits_for_the_delivery_in_hand_and_its_outcome_is_not_lost()
    {
        using var beta = new MemoryTarget();
        beta.Add("ann");
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        var writing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayWrite = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await TestNode.StartAsync(targets, Token, async (call, _) =>
        {
            if (call.Step != MemoryStep.Writing) return null;
            writing.TrySetResult();
            await mayWrite.Task;
            return null;
        }, clock: new SlowClock(factor: 8));
        var capture = await node.CaptureAsync("ann", "Autumn.2026!", 7, Token);
        await node.SendAsync(Token, capture);
        await writing.Task.WaitAsync(Token);

        var ending = node.Server.DisposeAsync().AsTask();

        // The door is closed at once; the delivery is still in hand then.
        await Eventually.HoldsAsync("the door to be closed", TimeSpan.FromMinutes(5), async _ => !await IsListeningAsync(node), Token);
        ending.IsCompleted.ShouldBeFalse();
        mayWrite.SetResult();
        await ending.WaitAsync(Token);

        node.Events.Select(entry => entry.Event).OfType<IdentityEvent.AttemptFinished>().ShouldHaveSingleItem().Outcome.ShouldBeOfType<DeliveryOutcome.Delivered>();
        node.Log.All.ShouldContain(line => line.Contains("Released all shards"));
        await node.RestartAsync(targets, script: null, Token);
        (await node.SendAsync(Token, capture)).Captures.ShouldHaveSingleItem().Kind.ShouldBe(Core.Intake.AnswerKind.AlreadyHave);
        beta.Writes.Length.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_start_says_what_the_database_holds_that_is_gone_on_with()
    {
        using var beta = new MemoryTarget();
        foreach (var person in (string[])["ann", "bob"]) beta.Add(person);
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        await using var node = await TestNode.StartAsync(
            targets, Token, (call, _) => Task.FromResult<DeliveryOutcome?>(call.Step == MemoryStep.Prepare ? new DeliveryOutcome.Transient("Not now.") : null), retry: new { initialDelay = "01:00:00", delayMax = "01:00:00" });
        Recovered(node).ShouldBe(["Going on with what the database holds: 0 captures and reports to decide, 0 accounts with something to deliver, 0 writes whose end is not known."]);
        foreach (var person in (string[])["ann", "bob"])
        {
            var capture = await node.CaptureAsync(person, "Autumn.2026!", 7, Token);
            await node.SendAsync(Token, capture);
            await node.WaitForAsync<IdentityEvent.ObstacleMet>(met => met.CaptureId == capture.CaptureId, Token);
        }

        await node.RestartAsync(targets, script: null, Token);

        Recovered(node).ShouldBe(
        [
            "Going on with what the database holds: 0 captures and reports to decide, 0 accounts with something to deliver, 0 writes whose end is not known.",
            "Going on with what the database holds: 0 captures and reports to decide, 2 accounts with something to deliver, 0 writes whose end is not known.",
        ]);

        static IEnumerable<string> Recovered(TestNode node) => from line in node.Log.All let at = line.IndexOf("Going on with", StringComparison.Ordinal) where at >= 0 select line[at..].Trim();
    }

    private static async Task<bool> IsListeningAsync(TestNode node)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(node.Server.Addresses[0].Host, node.Server.Addresses[0].Port, Token);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
