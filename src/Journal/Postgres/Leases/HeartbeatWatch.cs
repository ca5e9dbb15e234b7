namespace PasswordSync.Journal.Postgres.Leases;

/// <summary>
/// Watches the heartbeats of other nodes by this node's own monotonic clock: one is gone when its heartbeat was seen to stand still for a whole expiry without a gap in the
/// watching. So nobody is taken for dead because the database was away, and no wall clock can make it so.
/// </summary>
internal sealed class HeartbeatWatch(TimeSpan expiry, TimeProvider time)
{
    private readonly Dictionary<Guid, (DateTime Heartbeat, long Since)> seen = [];
    private long lastLook;

    /// <summary>Notes what was seen at one look.</summary>
    /// <param name="heartbeats">Of every node that did not leave.</param>
    public void Look(IReadOnlyCollection<(Guid Node, DateTime Heartbeat)> heartbeats)
    {
        var now = time.GetTimestamp();

        // Whoever did not look for so long may have missed that the others could not write either.
        if (time.GetElapsedTime(lastLook, now) > expiry / 2) seen.Clear();
        lastLook = now;
        foreach (var (node, heartbeat) in heartbeats)
        {
            if (!seen.TryGetValue(node, out var before) || before.Heartbeat != heartbeat) seen[node] = (heartbeat, now);
        }

        var present = heartbeats.Select(entry => entry.Node).ToHashSet();
        foreach (var node in seen.Keys.Where(node => !present.Contains(node)).ToList()) seen.Remove(node);
    }

    /// <summary>Whether a node's heartbeat stood still for so long that its shards may be taken.</summary>
    public bool StoodStill(Guid node) => seen.TryGetValue(node, out var entry) && time.GetElapsedTime(entry.Since, lastLook) >= expiry;

    /// <summary>The heartbeat last seen of a node.</summary>
    public DateTime? LastOf(Guid node) => seen.TryGetValue(node, out var entry) ? entry.Heartbeat : null;
}
