using PasswordSync.Providers.Contract;

namespace PasswordSync.SyncNode.Deliveries.Remote;

/// <summary>
/// The moments at which this node found accounts for other nodes: a write is granted from there on, by this node's own clock of elapsed time. What is forgotten here is not written: its
/// owner tries again.
/// </summary>
internal sealed class RemoteTickets(TimeProvider clock)
{
    /// <summary>How many tickets are remembered; the oldest are forgotten first.</summary>
    public const int TicketsMax = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<Guid, long> made = [];
    private readonly Queue<Guid> order = new();

    /// <summary>Notes this moment.</summary>
    public Guid Make()
    {
        var ticket = Guid.NewGuid();
        lock (gate)
        {
            while (order.Count >= TicketsMax) made.Remove(order.Dequeue());
            made[ticket] = clock.GetTimestamp();
            order.Enqueue(ticket);
        }

        return ticket;
    }

    /// <summary>The window of a write; null if the ticket is not, or no longer, known. A ticket is good for several writes of its one window.</summary>
    public WriteWindow? Redeem(Guid ticket, TimeSpan length)
    {
        lock (gate) return made.TryGetValue(ticket, out var since) ? new WriteWindow(since, length) : null;
    }
}
