namespace PasswordSync.SyncNode.Admin;

/// <summary>Counts failed sign-ins by address and locks an address out for a while. Thread-safe, bounded.</summary>
public sealed class FailureLimiter(TimeProvider clock)
{
    /// <summary>How many failures within <see cref="Window"/> lock an address out.</summary>
    public const int FailuresMax = 10;

    /// <summary>How many addresses are remembered; beyond it the one that failed the longest ago is forgotten.</summary>
    public const int AddressesMax = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);

    /// <summary>Failures further apart do not add up.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an address is locked out.</summary>
    public TimeSpan LockTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the address must wait yet; null if it need not.</summary>
    public TimeSpan? LockedFor(string address)
    {
        lock (gate) return entries.TryGetValue(address, out var entry) && entry.LockedUntil - clock.GetUtcNow() is { } wait && wait > TimeSpan.Zero ? wait : null;
    }

    /// <summary>Notes a failure.</summary>
    /// <returns>Whether it locks the address out.</returns>
    public bool Failed(string address)
    {
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (!entries.TryGetValue(address, out var entry) || now - entry.LastAt > Window) entry = new Entry(0, now, DateTimeOffset.MinValue);
            var locks = entry.Count + 1 >= FailuresMax;
            entries[address] = new Entry(locks ? 0 : entry.Count + 1, now, locks ? now + LockTime : entry.LockedUntil);
            if (entries.Count > AddressesMax) entries.Remove(entries.MinBy(known => known.Value.LastAt).Key);
            return locks;
        }
    }

    /// <summary>Notes a success: what failed before is forgotten.</summary>
    public void Succeeded(string address)
    {
        lock (gate) entries.Remove(address);
    }

    private readonly record struct Entry(int Count, DateTimeOffset LastAt, DateTimeOffset LockedUntil);
}
