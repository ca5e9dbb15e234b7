namespace PasswordSync.Core.Deliveries;

/// <summary>When a failed delivery is tried again: exponential with jitter, capped, limited in number. Pure: the jitter is an argument.</summary>
public sealed record RetryPolicy
{
    /// <summary>Two seconds doubling up to fifteen minutes, up to a thousand attempts: longer than the default maximum age of a change.</summary>
    public static RetryPolicy Default { get; } = new();

    /// <summary>The delay after the first failure, before jitter. Default 2 s; greater than zero.</summary>
    public TimeSpan InitialDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>By how much the delay grows with each failure. Default 2; 1 or greater.</summary>
    public double Factor { get; init; } = 2;

    /// <summary>The longest that <see cref="DelayMax"/> may be.</summary>
    public static TimeSpan DelayLimit { get; } = TimeSpan.FromDays(7);

    /// <summary>The longest delay; also the delay while a target is misconfigured. Default 15 minutes; not below the initial delay, at most seven days.</summary>
    public TimeSpan DelayMax { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The part of the delay that jitter may take away, 0 to 1. Default 0.2.</summary>
    public double JitterFraction { get; init; } = 0.2;

    /// <summary>How many attempts may fail before the delivery is parked. Default 1,000; 1 or greater. Throttling and misconfiguration do not count.</summary>
    public int AttemptsMax { get; init; } = 1_000;

    /// <summary>Whether a delivery with this many failed attempts is to be parked.</summary>
    public bool IsExhausted(int failedAttempts) => failedAttempts >= AttemptsMax;

    /// <summary>The delay after the given number of failed attempts.</summary>
    /// <param name="failedAttempts">1 or greater.</param>
    /// <param name="jitter">From 0 (no part taken away) to 1 (the whole jitter fraction taken away).</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its bounds.</exception>
    public TimeSpan DelayAfter(int failedAttempts, double jitter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failedAttempts, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(jitter);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(jitter, 1);
        var grown = InitialDelay.TotalMilliseconds * Math.Pow(Factor, failedAttempts - 1);
        var capped = Math.Min(grown, DelayMax.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(capped * (1 - (JitterFraction * jitter)));
    }

    /// <summary>What is wrong with these settings, or null: the name, the value found, and what would do.</summary>
    public string? FindFault()
    {
        if (InitialDelay <= TimeSpan.Zero) return $"InitialDelay is {InitialDelay}: use more than zero.";
        if (!(Factor >= 1) || double.IsInfinity(Factor)) return $"Factor is {Factor}: use 1 or greater.";
        if (DelayMax < InitialDelay) return $"DelayMax is {DelayMax}, below InitialDelay {InitialDelay}: use at least that.";
        if (DelayMax > DelayLimit) return $"DelayMax is {DelayMax}: use at most {DelayLimit}.";
        if (!(JitterFraction is >= 0 and <= 1)) return $"JitterFraction is {JitterFraction}: use 0 to 1.";
        return AttemptsMax < 1 ? $"AttemptsMax is {AttemptsMax}: use 1 or greater." : null;
    }
}
