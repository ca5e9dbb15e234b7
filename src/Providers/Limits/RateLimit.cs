namespace PasswordSync.Providers.Limits;

/// <summary>Spaces calls out: up to one second's worth at once, then evenly. Thread-safe.</summary>
internal sealed class RateLimit(int perSecond, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly long start = time.GetTimestamp();

    /// <summary>When the next call would be due if all had come evenly.</summary>
    private TimeSpan next = TimeSpan.Zero;

    /// <returns>Null if the call may be made now; else how long until one may. Nothing is reserved then.</returns>
    public TimeSpan? TryTake()
    {
        if (perSecond == 0) return null;
        var interval = TimeSpan.FromSeconds(1) / perSecond;
        var now = time.GetElapsedTime(start);
        lock (gate)
        {
            var earliest = next > now ? next : now;
            var ahead = earliest + interval - now;
            if (ahead > TimeSpan.FromSeconds(1)) return ahead - TimeSpan.FromSeconds(1);
            next = earliest + interval;
            return null;
        }
    }
}
