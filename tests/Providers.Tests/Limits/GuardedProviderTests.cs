using System.Threading.Channels;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Limits;

public sealed class GuardedProviderTests : IAsyncDisposable
{
    private static readonly Preparation Good = new Preparation.Found(Any.Target("anna"), null);
    private static readonly Preparation Bad = new Preparation.Obstacle(new DeliveryOutcome.Transient("It is down."));

    private readonly ManualClock clock = new();
    private readonly StubProvider inner = new();
    private readonly List<GuardedProvider> made = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var guarded in made) await guarded.DisposeAsync();
    }

    [Fact]
    public async Task Calls_beyond_the_concurrency_wait_until_one_ends()
    {
        var running = Channel.CreateUnbounded<TaskCompletionSource<Preparation>>();
        inner.OnPrepare = (_, _) =>
        {
            var call = new TaskCompletionSource<Preparation>(TaskCreationOptions.RunContinuationsAsynchronously);
            running.Writer.TryWrite(call).ShouldBeTrue();
            return call.Task;
        };
        var guarded = Guard(ProviderLimits.Default with { Concurrency = 2 });

        var calls = Enumerable.Range(0, 3).Select(_ => guarded.PrepareAsync(Any.Query("anna"), Token)).ToArray();

        var (first, second) = (await running.Reader.ReadAsync(Token), await running.Reader.ReadAsync(Token));
        running.Reader.TryRead(out _).ShouldBeFalse();
        first.SetResult(Good);
        var third = await running.Reader.ReadAsync(Token);
        second.SetResult(Good);
        third.SetResult(Good);
        (await Task.WhenAll(calls)).ShouldAllBe(result => result == Good);
    }

    [Fact]
    public async Task A_silent_target_ends_calls_in_time_and_a_call_that_got_no_slot_is_put_off()
    {
        inner.OnPrepare = async (_, token) => await SilenceAsync<Preparation>(token);
        inner.OnSet = async (_, _, token) => await SilenceAsync<DeliveryOutcome>(token);
        var guarded = Guard(ProviderLimits.Default with { Concurrency = 1 });
        using var password = Any.Secret("Passw0rd!");
        var running = guarded.SetPasswordAsync(Request() with { Permit = new WritePermit(clock.GetUtcNow().AddMinutes(1), clock) }, password, Token);

        var waiting = guarded.PrepareAsync(Any.Query("berta"), Token);
        clock.Advance(TimeSpan.FromSeconds(10));
        OutcomeOf(await waiting).ShouldBe(new DeliveryOutcome.Throttled(clock.GetUtcNow() + GuardedProvider.ShortPause, "All 1 slots (limits:concurrency) stayed busy."));

        clock.Advance(TimeSpan.FromSeconds(50));
        (await running).ShouldBeOfType<DeliveryOutcome.Transient>();
        var next = guarded.PrepareAsync(Any.Query("berta"), Token);
        clock.Advance(TimeSpan.FromSeconds(10));
        OutcomeOf(await next).ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("limits:callTimeout");
    }

    [Fact]
    public async Task A_target_where_most_calls_fail_is_left_alone_and_then_tried_once()
    {
        var calls = 0;
        inner.OnPrepare = (_, _) => Task.FromResult(Interlocked.Increment(ref calls) <= 5 ? Bad : Good);
        var guarded = Guard(ProviderLimits.Default);

        for (var i = 0; i < 5; i++) OutcomeOf(await guarded.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<DeliveryOutcome.Transient>();
        var refused = OutcomeOf(await guarded.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<DeliveryOutcome.Throttled>();

        calls.ShouldBe(5);
        refused.Reason.ShouldContain("circuit is open");
        refused.Reason.ShouldContain("It is down.");
        refused.Until.ShouldBe(clock.GetUtcNow() + ProviderLimits.Default.CircuitBreak);
        clock.Advance(ProviderLimits.Default.CircuitBreak);
        (await guarded.PrepareAsync(Any.Query("anna"), Token)).ShouldBe(Good);
        (await guarded.PrepareAsync(Any.Query("anna"), Token)).ShouldBe(Good);
    }

    [Fact]
    public async Task Writes_without_an_answer_open_the_circuit_too()
    {
        inner.OnSet = async (request, _, token) =>
        {
            request.Permit.Use().ShouldBeNull();
            return await SilenceAsync<DeliveryOutcome>(token);
        };
        var guarded = Guard(ProviderLimits.Default with { CircuitCalls = 2 });
        using var password = Any.Secret("Passw0rd!");

        for (var i = 0; i < 2; i++)
        {
            var set = guarded.SetPasswordAsync(Request(), password, Token);
            clock.Advance(TimeSpan.FromSeconds(10));
            (await set).ShouldBeOfType<DeliveryOutcome.Unknown>();
        }

        var request = Request();
        (await guarded.SetPasswordAsync(request, password, Token)).ShouldBeOfType<DeliveryOutcome.Throttled>();
        request.Permit.IsUsed.ShouldBeFalse();
    }

    [Theory]
    [MemberData(nameof(OutcomesThatSayNothingOfTheTarget))]
    public async Task Outcomes_that_concern_one_account_never_open_the_circuit(DeliveryOutcome outcome)
    {
        inner.OnPrepare = (_, _) => Task.FromResult<Preparation>(new Preparation.Obstacle(outcome));
        var guarded = Guard(ProviderLimits.Default with { CircuitCalls = 2 });

        for (var i = 0; i < 20; i++) OutcomeOf(await guarded.PrepareAsync(Any.Query("anna"), Token)).ShouldBe(outcome);
    }

    public static TheoryData<DeliveryOutcome> OutcomesThatSayNothingOfTheTarget =>
        [new DeliveryOutcome.AccountNotFound("nobody"), new DeliveryOutcome.RefusedByPolicy("short"), new DeliveryOutcome.TargetMisconfigured("no right")];

    [Fact]
    public async Task A_pause_that_the_target_asks_for_holds_for_every_call()
    {
        var until = clock.GetUtcNow().AddSeconds(30);
        var calls = 0;
        inner.OnPrepare = (_, _) => Task.FromResult(++calls == 1 ? new Preparation.Obstacle(new DeliveryOutcome.Throttled(until, "429")) : Good);
        var guarded = Guard(ProviderLimits.Default);

        await guarded.PrepareAsync(Any.Query("anna"), Token);
        OutcomeOf(await guarded.PrepareAsync(Any.Query("berta"), Token)).ShouldBe(new DeliveryOutcome.Throttled(until, "429"));
        calls.ShouldBe(1);
        clock.Advance(TimeSpan.FromSeconds(30));
        (await guarded.PrepareAsync(Any.Query("berta"), Token)).ShouldBe(Good);
    }

    [Theory]
    [InlineData(120, 1)]
    [InlineData(1, 120)]
    public async Task Of_two_pauses_that_calls_at_the_same_time_were_asked_for_the_longer_holds(int first, int second)
    {
        var answers = new Queue<TaskCompletionSource<Preparation>>([new(), new()]);
        var (one, other) = (answers.First(), answers.Last());
        inner.OnPrepare = (_, _) => answers.TryDequeue(out var answer) ? answer.Task : Task.FromResult(Good);
        var guarded = Guard(ProviderLimits.Default);
        var start = clock.GetUtcNow();
        Task<Preparation>[] calls = [guarded.PrepareAsync(Any.Query("anna"), Token), guarded.PrepareAsync(Any.Query("berta"), Token)];

        one.SetResult(Pause(first));
        await calls[0];
        other.SetResult(Pause(second));
        await calls[1];

        clock.Advance(TimeSpan.FromSeconds(119));
        OutcomeOf(await guarded.PrepareAsync(Any.Query("carla"), Token)).ShouldBeOfType<DeliveryOutcome.Throttled>().Until.ShouldBe(start.AddSeconds(120));
        clock.Advance(TimeSpan.FromSeconds(1));
        (await guarded.PrepareAsync(Any.Query("carla"), Token)).ShouldBe(Good);

        Preparation Pause(int seconds) => new Preparation.Obstacle(new DeliveryOutcome.Throttled(start.AddSeconds(seconds), "429"));
    }

    [Fact]
    public async Task Calls_beyond_the_rate_are_put_off_until_one_is_free()
    {
        inner.OnPrepare = (_, _) => Task.FromResult(Good);
        var guarded = Guard(ProviderLimits.Default with { CallsPerSecond = 10 });

        for (var i = 0; i < 10; i++) (await guarded.PrepareAsync(Any.Query("anna"), Token)).ShouldBe(Good);
        var refused = OutcomeOf(await guarded.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<DeliveryOutcome.Throttled>();

        refused.Until.ShouldBe(clock.GetUtcNow().AddMilliseconds(100));
        clock.Advance(TimeSpan.FromMilliseconds(100));
        (await guarded.PrepareAsync(Any.Query("anna"), Token)).ShouldBe(Good);
    }

    [Fact]
    public async Task The_callers_own_cancellation_is_not_a_time_out()
    {
        using var cancel = new CancellationTokenSource();
        inner.OnPrepare = async (_, token) => await SilenceAsync<Preparation>(token);
        var call = Guard(ProviderLimits.Default).PrepareAsync(Any.Query("anna"), cancel.Token);

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(call);
    }

    [Fact]
    public async Task A_silent_target_fails_a_verification_in_time()
    {
        inner.OnVerify = async token => await SilenceAsync<VerificationReport>(token);
        var report = Guard(ProviderLimits.Default).VerifyAsync(Token);

        clock.Advance(ProviderLimits.Default.CallTimeout);

        (await report).IsGood.ShouldBeFalse();
    }

    [Fact]
    public async Task A_probe_through_an_open_circuit_is_inconclusive()
    {
        inner.OnPrepare = (_, _) => Task.FromResult(Bad);
        var guarded = Guard(ProviderLimits.Default with { CircuitCalls = 2 });
        for (var i = 0; i < 2; i++) await guarded.PrepareAsync(Any.Query("anna"), Token);
        using var password = Any.Secret("Passw0rd!");

        (await guarded.ProbeAsync(new ProbeRequest(Any.Target("anna"), AttemptKind.Write, null), password, Token))
            .ShouldBeOfType<ProbeVerdict.Inconclusive>().Reason.ShouldContain("circuit is open");
    }

    [Fact]
    public async Task Disposing_disposes_the_provider()
    {
        await Guard(ProviderLimits.Default).DisposeAsync();

        inner.IsDisposed.ShouldBeTrue();
    }

    private static DeliveryOutcome OutcomeOf(Preparation preparation) => preparation.ShouldBeOfType<Preparation.Obstacle>().Outcome;

    private static async Task<T> SilenceAsync<T>(CancellationToken token)
    {
        await Task.Delay(Timeout.Infinite, token);
        throw new InvalidOperationException("unreachable");
    }

    private GuardedProvider Guard(ProviderLimits limits)
    {
        var guarded = new GuardedProvider(inner, limits, clock);
        made.Add(guarded);
        return guarded;
    }

    private SetRequest Request() => new(Any.Target("anna"), null, Any.CaptureId(), false, new WritePermit(clock.GetUtcNow().AddSeconds(10), clock));
}
