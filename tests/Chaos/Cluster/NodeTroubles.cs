namespace PasswordSync.Chaos.Cluster;

/// <summary>When a test gave the others a reason to take a node for dead. By this machine's clock, which is the database's.</summary>
internal sealed class NodeTroubles
{
    private readonly Lock gate = new();
    private readonly List<DateTimeOffset> ends = [];
    private readonly List<(DateTimeOffset Began, DateTimeOffset? Ended)> troubles = [];

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
        lock (gate)
        {
            if (troubles is [.., (var began, null)]) troubles[^1] = (began, DateTimeOffset.UtcNow);
        }
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
}
