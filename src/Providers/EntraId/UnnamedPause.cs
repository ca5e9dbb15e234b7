namespace PasswordSync.Providers.EntraId;

/// <summary>How long to wait after a 429 that names no pause: twice as long each time, until a write goes well. Requests that were under way together count once. Thread-safe.</summary>
internal sealed class UnnamedPause(TimeProvider time)
{
    /// <summary>The first pause.</summary>
    public static readonly TimeSpan Min = TimeSpan.FromSeconds(5);

    /// <summary>The longest: Graph's window for writes.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromSeconds(150);

    private readonly Lock gate = new();
    private long since;
    private TimeSpan length;

    /// <summary>What is left of the pause that runs; zero if none does.</summary>
    private TimeSpan Remaining => time.GetElapsedTime(since) is var elapsed && elapsed < length ? length - elapsed : TimeSpan.Zero;

    /// <summary>Begins a pause, unless one runs: then what is left of it.</summary>
    public TimeSpan AfterWrite()
    {
        lock (gate)
        {
            if (Remaining is var rest && rest > TimeSpan.Zero) return rest;
            length = length == TimeSpan.Zero ? Min : length * 2 < Max ? length * 2 : Max;
            since = time.GetTimestamp();
            return length;
        }
    }

    /// <summary>Reads have another quota, which says nothing of the one for writes: what is left of the pause that runs, or the first pause.</summary>
    public TimeSpan AfterRead()
    {
        lock (gate) return Remaining is var rest && rest > TimeSpan.Zero ? rest : Min;
    }

    /// <summary>After a write that went well. One that was still under way when the pause began says nothing.</summary>
    public void Reset()
    {
        lock (gate)
        {
            if (Remaining == TimeSpan.Zero) length = TimeSpan.Zero;
        }
    }
}
