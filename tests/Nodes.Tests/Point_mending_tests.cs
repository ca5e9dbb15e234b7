using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>What waits because a sync point was misconfigured does not wait for its time once the point works again. That time is an hour away here.</summary>
public sealed class Point_mending_tests
{
    private static readonly string[] Points = ["beta", "gamma"];
    private static readonly string[] People = ["ann", "bob", "cleo"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_success_at_a_point_that_was_misconfigured_has_all_that_waited_for_that_tried_at_once()
    {
        using var targets = new Targets();
        var wrong = true;
        await using var node = await TestNode.StartAsync(
            targets.ByName, Token, (call, _) => Task.FromResult<DeliveryOutcome?>(call.Step == MemoryStep.Prepare && Volatile.Read(ref wrong) ? WrongPassword : null), retry: Hourly);
        foreach (var person in People[..2])
        {
            var capture = await node.CaptureAsync(person, "Autumn.2026!", 7, Token);
            await node.SendAsync(Token, capture);
            foreach (var point in Points) await node.WaitForAsync<IdentityEvent.ObstacleMet>(met => met.CaptureId == capture.CaptureId && met.Point.Value == point, Token);
        }

        Volatile.Write(ref wrong, false);
        await node.SendAsync(Token, await node.CaptureAsync("cleo", "Autumn.2026!", 7, Token));

        await targets.WaitUntilAllAsync(node);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_good_verification_at_the_start_has_what_waited_since_before_it_tried_at_once()
    {
        using var targets = new Targets();
        await using var node = await TestNode.StartAsync(targets.ByName, Token, (_, _) => Task.FromResult<DeliveryOutcome?>(WrongPassword), retry: Hourly);
        foreach (var person in People)
        {
            var capture = await node.CaptureAsync(person, "Autumn.2026!", 7, Token);
            await node.SendAsync(Token, capture);
            foreach (var point in Points) await node.WaitForAsync<IdentityEvent.ObstacleMet>(met => met.CaptureId == capture.CaptureId && met.Point.Value == point, Token);
        }

        var queued = node.Events.Count(entry => entry.Event is IdentityEvent.DeliveryQueued);
        await node.RestartAsync(targets.ByName, script: null, Token);

        await targets.WaitUntilAllAsync(node);
        node.Events.Count(entry => entry.Event is IdentityEvent.DeliveryQueued).ShouldBe(queued + (People.Length * Points.Length), "each was woken, and did not only come to its time");
    }

    private static DeliveryOutcome.TargetMisconfigured WrongPassword => new("The bind password is wrong.");

    private static object Hourly => new { initialDelay = "00:00:00.050", delayMax = "01:00:00" };

    private sealed class Targets : IDisposable
    {
        public Dictionary<string, MemoryTarget> ByName { get; } = Points.ToDictionary(point => point, _ => Target());

        public async Task WaitUntilAllAsync(TestNode node)
        {
            foreach (var target in ByName.Values)
            {
                // Every write is followed by an event.
                for (var seen = node.Events.Count; target.Writes.Length < People.Length; seen = node.Events.Count) await node.WaitForAsync<IdentityEvent>(_ => node.Events.Count > seen, Token);

                target.Writes.Select(write => write.Login).ShouldBe(People, ignoreOrder: true);
            }
        }

        public void Dispose()
        {
            foreach (var target in ByName.Values) target.Dispose();
        }

        private static MemoryTarget Target()
        {
            var target = new MemoryTarget();
            foreach (var person in People) target.Add(person);
            return target;
        }
    }
}
