using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Intake;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>Deliveries when something goes wrong around them: echoes, accounts made anew, providers that break over one account.</summary>
public sealed class Delivery_trouble_tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_capture_of_our_own_write_is_an_echo_and_ends_there()
    {
        using var beta = new MemoryTarget { AsSource = TestNode.Source };
        var key = Guid.Parse(beta.Add("ann"));
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        await node.SendAsync(Token, await node.CaptureAsync("ann", "Autumn.2026!", 7, Token));
        var finished = await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome is DeliveryOutcome.Delivered, Token);
        var stamp = finished.Outcome.ShouldBeOfType<DeliveryOutcome.Delivered>().WrittenStamp.ShouldNotBeNull();

        var echo = await node.CaptureAsync("ann", "Autumn.2026!", 1, Token) with { ObjectGuid = key, Stamp = ProvenStamp.Of(stamp) };
        await node.SendAsync(Token, echo);

        (await node.WaitForAsync<IdentityEvent.CaptureIgnored>(e => e.CaptureId == echo.CaptureId, Token)).Reason.ShouldBe(IgnoreReason.Echo);
        beta.Writes.Length.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_write_to_a_source_whose_answer_was_lost_is_made_again_since_only_then_its_stamp_is_known()
    {
        using var beta = new MemoryTarget { AsSource = TestNode.Source };
        beta.Add("ann");
        var lost = 0;
        await using var node = await TestNode.StartAsync(
            new Dictionary<string, MemoryTarget> { ["beta"] = beta },
            Token,
            (call, _) => Task.FromResult<DeliveryOutcome?>(call.Step == MemoryStep.AfterWrite && lost++ == 0 ? new DeliveryOutcome.Unknown("The answer was lost.") : null));

        await node.SendAsync(Token, await node.CaptureAsync("ann", "Autumn.2026!", 7, Token));

        var finished = await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        finished.Outcome.ShouldBeOfType<DeliveryOutcome.Delivered>().WrittenStamp.ShouldNotBeNull().Version.ShouldBe(2u);
        beta.Writes.Length.ShouldBe(2);
    }

    [Fact(Timeout = 600_000)]
    public async Task An_account_made_anew_under_the_same_name_takes_over_the_target_account()
    {
        using var beta = new MemoryTarget();
        beta.Add("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        await node.SendAsync(Token, await node.CaptureAsync("ann", "Former.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(_ => true, Token);

        var anew = await node.CaptureAsync("ann", "Anew.2026!", 1, Token) with { ObjectGuid = Guid.NewGuid() };
        await node.SendAsync(Token, anew);

        (await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.CaptureId == anew.CaptureId, Token)).Outcome.ShouldBeOfType<DeliveryOutcome.Delivered>();
        beta.SignIn("ann", "Anew.2026!").ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_provider_that_breaks_over_one_account_goes_on_with_the_others()
    {
        using var beta = new MemoryTarget();
        beta.Add("ann");
        beta.Add("bob");
        await using var node = await TestNode.StartAsync(
            new Dictionary<string, MemoryTarget> { ["beta"] = beta },
            Token,
            (call, _) => call is { Step: MemoryStep.Prepare, Account: "ann" } ? throw new OperationCanceledException("a time-out inside the provider") : Task.FromResult<DeliveryOutcome?>(null),
            retry: new { initialDelay = "1h", delayMax = "1h" });
        var bad = await node.CaptureAsync("ann", "Autumn.2026!", 7, Token);
        await node.SendAsync(Token, bad);
        await node.WaitForAsync<IdentityEvent.ObstacleMet>(e => e.CaptureId == bad.CaptureId, Token);

        var good = await node.CaptureAsync("bob", "Autumn.2026!", 7, Token);
        await node.SendAsync(Token, good);

        (await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.CaptureId == good.CaptureId, Token)).Outcome.ShouldBeOfType<DeliveryOutcome.Delivered>();
    }
}
