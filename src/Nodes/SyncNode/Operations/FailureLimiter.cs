namespace PasswordSync.SyncNode.Operations;

/// <summary>Counts failures of whoever causes them (an address that signs in, an operator who asks for more than the role allows) and locks out for a while. Thread-safe, bounded.</summary>
public sealed class FailureLimiter(TimeProvider clock, int failuresMax)
{
    /// <summary>How many causes are remembered; beyond it the one that failed the longest ago is forgotten.</summary>
    public const int CausesMax = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);

    /// <summary>Failures further apart do not add up.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many failures within <see cref="Window"/> lock out.</summary>
    public int FailuresMax => failuresMax;

    /// <summary>How long somebody is locked out.</summary>
    public TimeSpan LockTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the cause must wait yet; null if it need not.</summary>
    public TimeSpan? LockedFor(string cause)
    {
        lock (gate) return entries.TryGetValue(cause, out var entry) && entry.LockedUntil - clock.GetUtcNow() is { } wait && wait > TimeSpan.Zero ? wait : null;
    }

    /// <summary>Notes a failure.</summary>
    /// <returns>Whether it locks the cause out.</returns>
    public bool Failed(string cause)
    {
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (!entries.TryGetValue(cause, out var entry) || now - entry.LastAt > Window) entry = entry with { Count = 0 };
            var locks = entry.Count + 1 >= failuresMax;
            entries[cause] = new Entry(locks ? 0 : entry.Count + 1, now, locks ? now + LockTime : entry.LockedUntil);
            if (entries.Count > CausesMax) entries.Remove(entries.MinBy(known => known.Value.LastAt).Key);
            return locks;
        }
    }

    /// <summary>Notes a success: what failed before is forgotten, unless it locked out.</summary>
    public void Succeeded(string cause)
    {
        lock (gate)
        {
            if (entries.TryGetValue(cause, out var entry) && entry.LockedUntil <= clock.GetUtcNow()) entries.Remove(cause);
        }
    }

    private readonly record struct Entry(int Count, DateTimeOffset LastAt, DateTimeOffset LockedUntil);
}
