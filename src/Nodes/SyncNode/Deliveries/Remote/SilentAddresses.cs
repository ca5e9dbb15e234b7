using System.Collections.Concurrent;

namespace PasswordSync.SyncNode.Deliveries.Remote;

/// <summary>The addresses of other nodes that did not answer in time, each for a while. A node may have several, of which one leads nowhere. Safe from any thread.</summary>
/// <param name="clock">The clock.</param>
internal sealed class SilentAddresses(TimeProvider clock)
{
    /// <summary>For how long an address that did not answer in time is asked only after the others: each question to it costs a place at the sync point until that time is over.</summary>
    public static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<(string Node, Uri Address), long> since = new();

    /// <summary>Whether it counts as silent now.</summary>
    public bool Contains(string node, Uri address) => since.TryGetValue((node, address), out var noted) && !IsOver(noted);

    /// <summary>It did not answer in time.</summary>
    public void Add(string node, Uri address)
    {
        // So that there are never more than addresses that were silent lately, whatever nodes come and go.
        foreach (var (way, noted) in since)
        {
            if (IsOver(noted)) since.TryRemove(way, out _);
        }

        since[(node, address)] = clock.GetTimestamp();
    }

    /// <summary>It answered.</summary>
    public void Remove(string node, Uri address) => since.TryRemove((node, address), out _);

    private bool IsOver(long noted) => clock.GetElapsedTime(noted) >= SilentFor;
}
