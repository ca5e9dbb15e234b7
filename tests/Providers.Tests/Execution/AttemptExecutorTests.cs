using Microsoft.Extensions.Logging;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Execution;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Execution;

public sealed class AttemptExecutorTests : IDisposable
{
    private const string Canary = "C4nary!Passw0rd";

    private readonly ManualClock clock = new();
    private readonly CollectingLoggers loggers = new();
    private readonly StubProvider provider = new();
    private readonly Secret password = Any.Secret(Canary);
    private readonly CaptureId captureId = Any.CaptureId();
    private readonly AttemptExecutor executor;

    public AttemptExecutorTests() => executor = new AttemptExecutor(clock, loggers.CreateLogger<AttemptExecutor>());

    public void Dispose()
    {
        password.Dispose();
        loggers.Dispose();
    }

    [Fact]
    public async Task A_write_without_a_probe_returns_what_the_provider_says()
    {
        var delivered = new DeliveryOutcome.Delivered(new TargetMark("7"), null);
        provider.OnSet = (_, _, _) => Task.FromResult<DeliveryOutcome>(delivered);

        (await ExecuteAsync(Write())).ShouldBe(delivered);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_server_that_was_written_to_is_told_also_if_it_did_not_answer(bool isSilent)
    {
        provider.OnSet = async (request, _, token) =>
        {
            request.Permit.Use("dc7.beta.test:636").ShouldBeNull();
            return isSilent ? await SilenceAsync<DeliveryOutcome>(token) : new DeliveryOutcome.Delivered(null, null);
        };

        var outcome = ExecuteAsync(Write());
        clock.Advance(TimeSpan.FromSeconds(10));

        (await outcome).ShouldBe(isSilent
            ? new DeliveryOutcome.Unknown("The attempt's deadline passed after the password may have been sent and before the target answered.") { Server = "dc7.beta.test:636" }
            : new DeliveryOutcome.Delivered(null, null) { Server = "dc7.beta.test:636" });
    }

    [Fact]
    public async Task A_probe_that_finds_the_password_spares_the_write()
    {
        provider.OnProbe = (_, _, _) => Task.FromResult<ProbeVerdict>(new ProbeVerdict.Present(new TargetMark("8"), null));

        (await ExecuteAsync(Write() with { ProbeFirst = true })).ShouldBe(new DeliveryOutcome.AlreadyThere(new TargetMark("8"), null));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_probe_that_does_not_find_the_password_is_followed_by_the_write(bool conclusive)
    {
        ProbeRequest? asked = null;
        provider.OnProbe = (request, _, _) =>
        {
            asked = request;
            return Task.FromResult<ProbeVerdict>(conclusive ? new ProbeVerdict.Absent() : new ProbeVerdict.Inconclusive("locked"));
        };
        provider.OnSet = (_, _, _) => Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.Delivered(null, null));
        var attempt = Write() with { ProbeFirst = true, Kind = AttemptKind.Recheck, ProbeAgainst = new TargetMark("3") };

        (await ExecuteAsync(attempt)).IsSuccess.ShouldBeTrue();
        asked.ShouldBe(new ProbeRequest(attempt.Target, AttemptKind.Recheck, new TargetMark("3")) { CaptureId = captureId });
    }

    [Fact]
    public async Task A_probe_that_fails_is_followed_by_the_write()
    {
        provider.OnProbe = (_, _, _) => throw new IOException($"echo {Canary}");
        provider.OnSet = (_, _, _) => Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.Delivered(null, null));

        (await ExecuteAsync(Write() with { ProbeFirst = true })).IsSuccess.ShouldBeTrue();
        loggers.Text.ShouldContain(nameof(IOException));
        loggers.Text.ShouldNotContain(Canary);
    }

    [Fact]
    public async Task A_silent_probe_leaves_half_of_the_time_to_the_write()
    {
        provider.OnProbe = async (_, _, token) => await SilenceAsync<ProbeVerdict>(token);
        provider.OnSet = (request, _, _) => Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.Transient($"{request.Permit.Remaining.TotalSeconds} s left"));

        var outcome = ExecuteAsync(Write() with { ProbeFirst = true });
        clock.Advance(TimeSpan.FromSeconds(5));

        (await outcome).ShouldBe(new DeliveryOutcome.Transient("5 s left"));
    }

    [Fact]
    public async Task Nothing_is_written_when_the_deadline_has_passed_before_the_attempt_began()
    {
        var attempt = Write();
        clock.Advance(TimeSpan.FromSeconds(10));

        (await ExecuteAsync(attempt)).ShouldBeOfType<DeliveryOutcome.Transient>();
    }

    [Fact]
    public async Task A_deadline_that_passes_before_the_write_is_transient_and_one_that_passes_after_it_is_unknown()
    {
        provider.OnSet = async (_, _, token) => await SilenceAsync<DeliveryOutcome>(token);
        var before = ExecuteAsync(Write());
        clock.Advance(TimeSpan.FromSeconds(10));
        (await before).ShouldBeOfType<DeliveryOutcome.Transient>();

        provider.OnSet = async (request, _, token) =>
        {
            request.Permit.Use().ShouldBeNull();
            return await SilenceAsync<DeliveryOutcome>(token);
        };
        var after = ExecuteAsync(Write());
        clock.Advance(TimeSpan.FromSeconds(10));
        (await after).ShouldBeOfType<DeliveryOutcome.Unknown>();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cancellation_is_an_outcome_that_says_whether_the_password_may_have_been_sent(bool writeBegun)
    {
        using var cancel = new CancellationTokenSource();
        provider.OnSet = async (request, _, token) =>
        {
            if (writeBegun) request.Permit.Use().ShouldBeNull();
            await cancel.CancelAsync();
            return await SilenceAsync<DeliveryOutcome>(token);
        };

        var outcome = await executor.ExecuteAsync(provider, Write(), Any.CaptureId(), false, password, cancel.Token);

        outcome.ShouldBeOfType(writeBegun ? typeof(DeliveryOutcome.Unknown) : typeof(DeliveryOutcome.Transient));
        outcome.Explain()!.ShouldContain("cancelled");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_exception_of_the_provider_is_an_outcome_without_its_message(bool writeBegun)
    {
        provider.OnSet = (request, _, _) =>
        {
            if (writeBegun) request.Permit.Use().ShouldBeNull();
            throw new InvalidOperationException($"echo {Canary}");
        };

        var outcome = await ExecuteAsync(Write());

        outcome.ShouldBeOfType(writeBegun ? typeof(DeliveryOutcome.Unknown) : typeof(DeliveryOutcome.Transient));
        outcome.Explain()!.ShouldContain(nameof(InvalidOperationException));
        (outcome + loggers.Text).ShouldNotContain(Canary);
    }

    [Fact]
    public void A_permit_is_for_one_write()
    {
        var permit = new WritePermit(clock.GetUtcNow().AddSeconds(1), clock);

        permit.Use().ShouldBeNull();
        permit.IsUsed.ShouldBeTrue();
        Should.Throw<InvalidOperationException>(() => permit.Use());
    }

    [Fact]
    public void A_permit_ends_at_its_deadline()
    {
        var permit = new WritePermit(clock.GetUtcNow().AddSeconds(1), clock);
        clock.Advance(TimeSpan.FromSeconds(1));

        permit.Use().ShouldBeOfType<DeliveryOutcome.Transient>();
        permit.IsUsed.ShouldBeFalse();
    }

    [Fact]
    public void A_clock_set_back_does_not_prolong_a_permit()
    {
        var turned = new SetBackClock();
        var permit = new WritePermit(turned.GetUtcNow().AddSeconds(10), turned);
        turned.Now -= TimeSpan.FromHours(1);
        turned.Elapsed += TimeSpan.FromSeconds(10);

        permit.Remaining.ShouldBe(TimeSpan.Zero);
        permit.Use().ShouldBeOfType<DeliveryOutcome.Transient>();
    }

    [Fact]
    public void A_clock_set_back_before_the_permit_was_made_does_not_prolong_it_either()
    {
        var turned = new SetBackClock();
        var deadline = turned.GetUtcNow().AddSeconds(10);
        var window = WriteWindow.Until(deadline, turned);
        turned.Now -= TimeSpan.FromHours(1);
        turned.Elapsed += TimeSpan.FromSeconds(10);

        new WritePermit(deadline, window, turned).Use().ShouldBeOfType<DeliveryOutcome.Transient>();
    }

    private static async Task<T> SilenceAsync<T>(CancellationToken token)
    {
        await Task.Delay(Timeout.Infinite, token);
        throw new InvalidOperationException("unreachable");
    }

    private Attempt Write() => Any.Attempt(Any.Target("anna"), clock, TimeSpan.FromSeconds(10));

    private Task<DeliveryOutcome> ExecuteAsync(Attempt attempt) =>
        executor.ExecuteAsync(provider, attempt, captureId, mustChangeAtNextLogon: false, password, TestContext.Current.CancellationToken);

    /// <summary>A clock whose wall time and elapsed time part.</summary>
    private sealed class SetBackClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
