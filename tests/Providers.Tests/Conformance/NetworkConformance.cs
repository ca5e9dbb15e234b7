using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Execution;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Conformance;

/// <summary>What providers must do whose target is elsewhere.</summary>
public abstract class NetworkConformance : ConformanceSuite
{
    private const string Canary = "C4nary!Passw0rd-€-7X";

    /// <summary>How long a silent server may hold an attempt up in these tests.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Wrong_credentials_of_the_service_are_a_misconfiguration()
    {
        await using var target = await OpenAsync(Token);
        await using var provider = ((INetworkTarget)target).WithWrongCredentials();

        (await TryAsync(target, provider)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>();
        (await provider.VerifyAsync(Token)).IsGood.ShouldBeFalse();
    }

    [Fact]
    public async Task An_untrusted_certificate_is_a_misconfiguration_that_names_it()
    {
        await using var target = await OpenAsync(Token);
        await using var provider = ((INetworkTarget)target).WithForeignRoots();

        (await TryAsync(target, provider)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("CN=");
        (await provider.VerifyAsync(Token)).IsGood.ShouldBeFalse();
    }

    [Fact]
    public async Task A_server_that_nobody_runs_is_transient()
    {
        await using var target = await OpenAsync(Token);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var unused = (IPEndPoint)listener.LocalEndpoint;
        listener.Stop();
        await using var provider = ((INetworkTarget)target).At(unused);

        (await TryAsync(target, provider)).ShouldBeOfType<DeliveryOutcome.Transient>();
        (await provider.VerifyAsync(Token)).IsGood.ShouldBeFalse();
    }

    [Fact]
    public async Task A_silent_server_holds_nothing_up_beyond_the_time_outs()
    {
        await using var target = await OpenAsync(Token);
        await using var silent = new SilentTcpServer();
        await using var provider = new GuardedProvider(((INetworkTarget)target).At(silent.EndPoint), ProviderLimits.Default with { CallTimeout = Lifetime }, TimeProvider.System);
        var executor = new AttemptExecutor(TimeProvider.System, NullLogger<AttemptExecutor>.Instance);
        using var password = Secret(Canary);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names);

        var outcome = await executor.ExecuteAsync(
            provider, Any.Attempt(found.Target, TimeProvider.System, Lifetime) with { ProbeFirst = true }, Any.CaptureId(), false, password, Token).WaitAsync(Any.LongTime, Token);
        var report = await provider.VerifyAsync(Token).WaitAsync(Any.LongTime, Token);

        outcome.ShouldBeOfType<DeliveryOutcome.Transient>();
        report.IsGood.ShouldBeFalse();
        silent.Accepted.ShouldBeGreaterThan(0);
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    /// <summary>Prepares with one provider what the good one knows, then writes with it.</summary>
    private static async Task<DeliveryOutcome> TryAsync(ConformanceTarget target, IProvider provider)
    {
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names);
        using var password = Secret(Canary);
        var outcome = await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);
        outcome.ToString().ShouldNotContain(Canary);
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
        return outcome;
    }
}
