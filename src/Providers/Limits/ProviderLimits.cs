using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Limits;

/// <summary>How much a node asks of one target, and when it leaves it alone. Read from the keys <c>limits:…</c> of a sync point.</summary>
public sealed record ProviderLimits
{
    public static ProviderLimits Default { get; } = new();

    /// <summary><c>limits:concurrency</c>: calls at the same time. Default 8; 1 to 256.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary><c>limits:callsPerSecond</c>: accounts looked for per second; each may be followed by one write. Default 0, which means no limit; up to 10,000.</summary>
    public int CallsPerSecond { get; init; }

    /// <summary><c>limits:callTimeout</c>: how long looking for an account, probing or verifying may take. A write has its attempt's deadline instead. Default 10 s; 100 ms to 5 min.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>limits:circuitCalls</c>: how many calls within <see cref="CircuitWindow"/> are enough to judge the target by. Default 5; 2 to 1,000.</summary>
    public int CircuitCalls { get; init; } = 5;

    /// <summary><c>limits:circuitWindow</c>: over how long calls are counted. Default 30 s; 1 s to 10 min.</summary>
    public TimeSpan CircuitWindow { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>limits:circuitBreak</c>: how long a target is left alone after most calls failed; then one call tries it. Default 15 s; 1 s to 15 min.</summary>
    public TimeSpan CircuitBreak { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The most calls at the same time that a sync point may be given.</summary>
    internal const int ConcurrencyMax = 256;

    /// <summary>The part of the calls that must have failed. Not a setting: at a lower part a target that is merely slow would be cut off.</summary>
    internal const double CircuitFailureRatio = 0.8;

    public static ProviderLimits Read(SettingsReader settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new ProviderLimits
        {
            Concurrency = settings.Number("limits:concurrency", Default.Concurrency, 1, 256),
            CallsPerSecond = settings.Number("limits:callsPerSecond", Default.CallsPerSecond, 0, 10_000),
            CallTimeout = settings.Duration("limits:callTimeout", Default.CallTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)),
            CircuitCalls = settings.Number("limits:circuitCalls", Default.CircuitCalls, 2, 1_000),
            CircuitWindow = settings.Duration("limits:circuitWindow", Default.CircuitWindow, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            CircuitBreak = settings.Duration("limits:circuitBreak", Default.CircuitBreak, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(15)),
        };
    }
}
