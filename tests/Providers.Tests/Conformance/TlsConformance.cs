using System.Net;
using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Conformance;

/// <summary>What providers must do whose target shows a certificate.</summary>
public abstract class TlsConformance : NetworkConformance
{
    [Fact]
    public async Task An_untrusted_certificate_is_a_misconfiguration_that_names_it()
    {
        await using var target = await OpenAsync(Token);
        await using var provider = ((ITlsTarget)target).WithForeignRoots();

        (await TryAsync(target, provider)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("CN=");
        (await provider.VerifyAsync(Token)).IsGood.ShouldBeFalse();
    }

    [Fact]
    public async Task A_certificate_of_another_name_is_a_misconfiguration()
    {
        await using var target = await OpenAsync(Token);
        await using var relay = new TcpRelay(((INetworkTarget)target).EndPoint, IPAddress.Parse("127.66.66.66"));
        await using var provider = ((INetworkTarget)target).At(relay.EndPoint);

        (await TryAsync(target, provider)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("name");
        (await provider.VerifyAsync(Token)).IsGood.ShouldBeFalse();
    }
}
