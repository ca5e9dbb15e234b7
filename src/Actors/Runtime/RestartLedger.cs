namespace PasswordSync.Actors.Runtime;

/// <summary>Remembers the restarts of one actor, as far as its strategy needs them. Made at its first failure.</summary>
internal sealed class RestartLedger(SupervisorStrategy strategy, TimeProvider clock)
{
    private readonly Queue<long> recent = new();
    private long lastFailure;
    private int sinceReset;

    /// <summary>How many restarts were granted in all.</summary>
    public int Total { get; private set; }

    /// <summary>How long to wait before the next restart; null if the limit within the window is used up.</summary>
    public TimeSpan? Grant()
    {
        var now = clock.GetTimestamp();
        while (recent.TryPeek(out var oldest) && clock.GetElapsedTime(oldest, now) >= strategy.Window) recent.Dequeue();
        if (recent.Count >= strategy.RestartLimit) return null;
        if (sinceReset > 0 && clock.GetElapsedTime(lastFailure, now) >= strategy.Backoff.ResetAfter) sinceReset = 0;
        recent.Enqueue(now);
        lastFailure = now;
        Total++;
        return strategy.Backoff.Delay(++sinceReset);
    }
}
