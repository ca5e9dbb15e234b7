using System.Globalization;
using System.Runtime.ExceptionServices;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using Polly;
using Polly.CircuitBreaker;

namespace PasswordSync.Providers.Limits;

/// <summary>
/// Keeps a node from asking too much of one target: bounded concurrency, rate, time, a pause when the target asks for one, and a circuit
/// breaker. Where it does not let a call through it answers <see cref="DeliveryOutcome.Throttled"/>; nothing was sent then.
/// </summary>
public sealed class GuardedProvider : IProvider
{
    /// <summary>How long a call is put off that found no free slot, or the circuit being tried by another call.</summary>
    internal static readonly TimeSpan ShortPause = TimeSpan.FromSeconds(1);

    private readonly IProvider inner;
    private readonly ProviderLimits limits;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim slots;
    private readonly RateLimit rate;
    private readonly ResiliencePipeline<Answer> circuit;
    private volatile DeliveryOutcome.Throttled? pause;
    private volatile string? lastFailure;

    public GuardedProvider(IProvider inner, ProviderLimits limits, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(limits);
        this.inner = inner;
        this.limits = limits;
        this.time = time;
        slots = new SemaphoreSlim(limits.Concurrency);
        rate = new RateLimit(limits.CallsPerSecond, time);
        circuit = new ResiliencePipelineBuilder<Answer> { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<Answer>
            {
                FailureRatio = ProviderLimits.CircuitFailureRatio,
                MinimumThroughput = limits.CircuitCalls,
                SamplingDuration = limits.CircuitWindow,
                BreakDuration = limits.CircuitBreak,
                ShouldHandle = args => ValueTask.FromResult(args.Outcome.Result is { Failure: not null }),
            })
            .Build();
    }

    public ProviderDescription Description => inner.Description;

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        if (rate.TryTake() is { } wait)
        {
            return new Preparation.Obstacle(Throttle(wait, $"The limit of {limits.CallsPerSecond} calls per second (limits:callsPerSecond) is reached."));
        }

        var (result, refusal) = await GuardAsync(
            token => inner.PrepareAsync(query, token),
            preparation => (preparation as Preparation.Obstacle)?.Outcome,
            cancellationToken);
        return result ?? new Preparation.Obstacle(refusal!);
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (result, refusal) = await GuardAsync(token => inner.SetPasswordAsync(request, password, token), outcome => outcome, cancellationToken, request.Permit);
        return result ?? refusal!;
    }

    public async Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        var (result, refusal) = await GuardAsync(token => inner.ProbeAsync(request, password, token), _ => null, cancellationToken);
        return result ?? new ProbeVerdict.Inconclusive(refusal!.Explain()!);
    }

    /// <summary>Always asks the target, whatever the circuit's state: an operator wants to know how it is now.</summary>
    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken)
    {
        using var ending = new CancellationTokenSource(limits.CallTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ending.Token);
        try
        {
            return await inner.VerifyAsync(linked.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new VerificationReport([VerificationCheck.Failed("reachability", NoAnswer(null).Explain()!, "Check that the target is up and reachable from this node; else raise limits:callTimeout.")]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        slots.Dispose();
    }

    private async Task<(TResult? Result, DeliveryOutcome? Refusal)> GuardAsync<TResult>(
        Func<CancellationToken, Task<TResult>> call, Func<TResult, DeliveryOutcome?> outcomeOf, CancellationToken cancellationToken, WritePermit? permit = null)
        where TResult : class
    {
        if (pause is { } asked && asked.Until > time.GetUtcNow()) return (null, asked);
        using var ending = new CancellationTokenSource(permit?.Remaining ?? limits.CallTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ending.Token);
        try
        {
            await slots.WaitAsync(linked.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, Throttle(ShortPause, $"All {limits.Concurrency} slots (limits:concurrency) stayed busy."));
        }

        try
        {
            TResult? result = null;
            DeliveryOutcome? refusal = null;
            ExceptionDispatchInfo? fault = null;
            await circuit.ExecuteAsync(
                async token =>
                {
                    try
                    {
                        result = await call(token);
                        return Judge(outcomeOf(result));
                    }
                    catch (OperationCanceledException) when (permit is null ? !cancellationToken.IsCancellationRequested : permit.Remaining == TimeSpan.Zero)
                    {
                        // A silent target is a failure that the breaker must count; it counts no cancellations.
                        refusal = NoAnswer(permit);
                        return Judge(refusal);
                    }
#pragma warning disable CA1031 // Thrown below. The breaker would keep the last one for good, and its message may hold what the target said, the password among it.
                    catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
                    {
                        fault = ExceptionDispatchInfo.Capture(e);
                        lastFailure = $"The provider failed with {e.GetType().Name}.";
                        return new Answer(lastFailure);
                    }
                },
                linked.Token);
            fault?.Throw();
            return (result, refusal);
        }
        catch (BrokenCircuitException broken)
        {
            return (null, Throttle(broken.RetryAfter is { } after && after > ShortPause ? after : ShortPause, $"The circuit is open: most calls failed, the last with: {lastFailure}"));
        }
        finally
        {
            // Whatever happened, also a cancellation: a slot that is not given back is lost for good.
            slots.Release();
        }
    }

    private Answer Judge(DeliveryOutcome? outcome)
    {
        if (outcome is DeliveryOutcome.Throttled throttled) Pause(throttled);
        if (outcome is not (DeliveryOutcome.Transient or DeliveryOutcome.Unknown)) return new Answer(null);
        lastFailure = outcome.Explain();
        return new Answer(lastFailure);
    }

    /// <summary>Of several pauses that calls at the same time were asked for, the one that ends last holds.</summary>
    private void Pause(DeliveryOutcome.Throttled asked)
    {
        while (pause is var known && (known is null || known.Until < asked.Until))
        {
            if (Interlocked.CompareExchange(ref pause, asked, known) == known) return;
        }
    }

    private DeliveryOutcome.Throttled Throttle(TimeSpan wait, string reason) => new(time.GetUtcNow() + wait, reason);

    private DeliveryOutcome NoAnswer(WritePermit? permit) => permit switch
    {
        null => new DeliveryOutcome.Transient(string.Create(CultureInfo.InvariantCulture, $"The target did not answer within {limits.CallTimeout.TotalSeconds:0.###} s (limits:callTimeout).")),
        { IsUsed: true } => new DeliveryOutcome.Unknown("The target did not answer before the attempt's deadline; the password may have reached it."),
        _ => new DeliveryOutcome.Transient("The target did not answer before the attempt's deadline; the password was not sent."),
    };

    /// <summary>What the breaker sees of a call: why it failed, or null.</summary>
    private sealed record Answer(string? Failure);
}
