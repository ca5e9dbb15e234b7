namespace PasswordSync.Chaos.Cluster;

/// <summary>When a test gave the others a reason to take a node for dead, and when it kept what the node sends from its target. By this machine's clock, which is the database's.</summary>
internal sealed class NodeTroubles
{
    private readonly Lock gate = new();
    private readonly List<DateTimeOffset> ends = [];
    private readonly List<(DateTimeOffset Began, DateTimeOffset? Ended)> troubles = [];
    private readonly List<(DateTimeOffset Began, DateTimeOffset? Ended)> delays = [];

    /// <summary>Its process ends now.</summary>
    public void Ended()
    {
        lock (gate) ends.Add(DateTimeOffset.UtcNow);
    }

    /// <summary>From now on its heartbeat stands still.</summary>
    public void Begin()
    {
        lock (gate) troubles.Add((DateTimeOffset.UtcNow, null));
    }

    /// <summary>From now on it may send heartbeats again.</summary>
    public void End()
    {
        lock (gate) End(troubles);
    }

    /// <summary>From now on what it is about to send to its target, or has sent, may come late.</summary>
    public void HoldUp()
    {
        lock (gate) delays.Add((DateTimeOffset.UtcNow, null));
    }

    /// <summary>From now on what it sends comes as ever.</summary>
    public void LetGo()
    {
        lock (gate) End(delays);
    }

    /// <summary>Whether what it was about to send between two moments may have been held up.</summary>
    public bool HeldUp(DateTimeOffset from, DateTimeOffset until)
    {
        lock (gate) return delays.Any(delay => delay.Began <= until && (delay.Ended is not { } over || from <= over));
    }

    /// <summary>Whether its process could rightly be taken for dead at a moment.</summary>
    /// <param name="at">The moment.</param>
    /// <param name="firstSeen">When this process of it was first seen to own something.</param>
    /// <param name="grace">How long after a trouble it may take until its next heartbeat is seen.</param>
    public bool Explain(DateTimeOffset at, DateTimeOffset firstSeen, TimeSpan grace)
    {
        lock (gate)
        {
            return ends.Any(ended => firstSeen <= ended && ended <= at)
                || troubles.Any(trouble => trouble.Began <= at && (trouble.Ended is not { } over || at <= over + grace));
        }
    }

    private static void End(List<(DateTimeOffset Began, DateTimeOffset? Ended)> times)
    {
        if (times is [.., (var began, null)]) times[^1] = (began, DateTimeOffset.UtcNow);
    }
}
