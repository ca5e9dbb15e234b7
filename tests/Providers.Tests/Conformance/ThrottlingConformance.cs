using PasswordSync.Core.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Conformance;

/// <summary>What providers must do whose target can ask for a pause.</summary>
public abstract class ThrottlingConformance : TlsConformance
{
    [Fact]
    public async Task A_target_that_asks_for_a_pause_throttles_and_takes_the_password_afterwards()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);

        ((IThrottlingTarget)target).ThrottleNext(TimeSpan.FromSeconds(120));
        var before = TimeProvider.System.GetUtcNow();
        var named = (await SetAsync(target, names, "C4nary!Passw0rd-7X")).ShouldBeOfType<DeliveryOutcome.Throttled>();
        ((IThrottlingTarget)target).ThrottleNext(retryAfter: null);
        var unnamed = (await SetAsync(target, names, "C4nary!Passw0rd-7X")).ShouldBeOfType<DeliveryOutcome.Throttled>();

        named.Until.ShouldBeInRange(before.AddSeconds(120), TimeProvider.System.GetUtcNow().AddSeconds(120));
        unnamed.Until.ShouldBeInRange(before.AddSeconds(1), TimeProvider.System.GetUtcNow().AddMinutes(5));
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
        (await SetAsync(target, names, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();
    }
}
