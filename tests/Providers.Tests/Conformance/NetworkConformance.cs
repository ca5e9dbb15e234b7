using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
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
    private const string Canary = "C4nary!Passw0rd-<&>-7X";

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
    public async Task A_service_without_the_right_is_a_misconfiguration_and_verification_says_so_or_that_it_cannot_tell()
    {
        await using var target = await OpenAsync(Token);
        await using var provider = await ((INetworkTarget)target).WithoutRightsAsync(Token);

        (await TryAsync(target, provider)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>();
        var report = await provider.VerifyAsync(Token);
        (!report.IsGood || report.Checks.Any(check => check is { Name: "rights", Result: VerificationResult.NotRun })).ShouldBeTrue(string.Join('\n', report.Checks));
    }

    [Theory]
    [InlineData(RelayDirection.Requests)]
    [InlineData(RelayDirection.Answers)]
    public async Task A_write_whose_answer_never_came_is_unknown_and_the_next_attempts_settle_it(RelayDirection lost)
    {
        await using var target = await OpenAsync(Token);
        var server = ((INetworkTarget)target).EndPoint;
        await using var relay = new TcpRelay(server, server.Address);
        await using var provider = ((INetworkTarget)target).At(relay.EndPoint);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = FoundOf(await provider.PrepareAsync(Any.Query(names), Token));
        var capture = Any.CaptureId();
        using var password = Secret("N3w.Passw0rd!");

        (await LoseAsync(target, provider, relay, lost, found, capture, names)).ShouldBeOfType<DeliveryOutcome.Unknown>();
        relay.Recover();
        var executor = new AttemptExecutor(TimeProvider.System, NullLogger<AttemptExecutor>.Instance);
        DeliveryOutcome outcome;
        var attempts = 0;
        do
        {
            // A kept connection that was cut is found to be dead by the next attempt.
            outcome = await executor.ExecuteAsync(
                provider, Any.Attempt(found.Target, TimeProvider.System, Any.LongTime) with { ProbeFirst = true, ProbeAgainst = found.Mark }, capture, false, password, Token);
        }
        while (outcome is DeliveryOutcome.Transient or DeliveryOutcome.Unknown && ++attempts < 5);

        outcome.IsSuccess.ShouldBeTrue(outcome.ToString());
        if (lost == RelayDirection.Requests) outcome.ShouldBeOfType<DeliveryOutcome.Delivered>();
        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_server_that_nobody_runs_is_transient()
    {
        await using var target = await OpenAsync(Token);
        using var unused = new RefusingEndPoint();
        await using var provider = ((INetworkTarget)target).At(unused.EndPoint);

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
        await Eventually.HoldsAsync("a connection to the silent server", Any.LongTime, _ => Task.FromResult(silent.Accepted > 0), Token);
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    /// <summary>Writes while the network loses one direction from the moment on in which the write begins, and gives up when it did.</summary>
    private static async Task<DeliveryOutcome> LoseAsync(
        ConformanceTarget target, IProvider provider, TcpRelay relay, RelayDirection lost, Preparation.Found found, CaptureId capture, AccountNames names)
    {
        using var password = Secret("N3w.Passw0rd!");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var clock = new WatchedClock();
        var permit = new WritePermit(clock.GetUtcNow() + Any.LongTime, clock);
        var swallowed = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        clock.Watch(() => swallowed.SetResult(relay.Swallow(lost)));
        var writing = provider.SetPasswordAsync(new SetRequest(found.Target, found.Mark, capture, false, permit), password, ending.Token);
        await (await swallowed.Task.WaitAsync(Any.LongTime, Token)).WaitAsync(Any.LongTime, Token);
        if (lost == RelayDirection.Answers) await Eventually.HoldsAsync("the write to be applied", Any.LongTime, token => target.HasAsync(names, "N3w.Passw0rd!", token), Token);
        await ending.CancelAsync();
        try
        {
            return await writing.WaitAsync(Any.LongTime, Token);
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            permit.IsUsed.ShouldBeTrue();
            return new DeliveryOutcome.Unknown("Cancelled after the permit was used.");
        }
    }

    /// <summary>Prepares with one provider what the good one knows, then writes with it.</summary>
    private protected static async Task<DeliveryOutcome> TryAsync(ConformanceTarget target, IProvider provider)
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
