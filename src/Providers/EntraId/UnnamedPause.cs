namespace PasswordSync.Providers.EntraId;

/// <summary>How long to wait after a 429 that names no pause: twice as long each time, until a write goes well. Thread-safe.</summary>
internal sealed class UnnamedPause
{
    /// <summary>The first pause.</summary>
    public static readonly TimeSpan Min = TimeSpan.FromSeconds(5);

    /// <summary>The longest: Graph's window for writes.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromSeconds(150);

    private int doublings;

    public TimeSpan Next()
    {
        var pause = Min * Math.Pow(2, Math.Min(Interlocked.Increment(ref doublings) - 1, 5));
        return pause < Max ? pause : Max;
    }

    public void Reset() => Interlocked.Exchange(ref doublings, 0);
}
