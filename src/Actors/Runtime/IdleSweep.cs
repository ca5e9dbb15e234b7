namespace PasswordSync.Actors.Runtime;

/// <summary>
/// Looks for actors whose idle time-out has passed: one timer for all. Each actor stands in line with the moment at which it can be idle at
/// the earliest; whether it is, is looked up then, so that a message costs nothing here.
/// </summary>
internal sealed class IdleSweep : IDisposable
{
    private readonly Lock gate = new();
    private readonly PriorityQueue<(ActorCell Cell, long Timeout), long> line = new();
    private readonly TimeProvider clock;
    private readonly ITimer timer;

    public IdleSweep(TimeProvider clock, TimeSpan resolution)
    {
        this.clock = clock;
        timer = clock.CreateTimer(static self => ((IdleSweep)self!).Sweep(), this, resolution, resolution);
    }

    public void Add(ActorCell cell, TimeSpan idleTimeout)
    {
        var timeout = (long)(idleTimeout.TotalSeconds * clock.TimestampFrequency);
        lock (gate) line.Enqueue((cell, timeout), clock.GetTimestamp() + timeout);
    }

    public void Dispose() => timer.Dispose();

    private void Sweep()
    {
        var now = clock.GetTimestamp();
        while (TakeDue(now) is { } due)
        {
            if (due.Cell.CheckIdle(now, due.Timeout) is not { } again) continue;
            lock (gate) line.Enqueue(due, again);
        }

        // A burst of actors must not leave its memory behind.
        lock (gate)
        {
            if (line.Count < line.Capacity / 4) line.TrimExcess();
        }
    }

    private (ActorCell Cell, long Timeout)? TakeDue(long now)
    {
        lock (gate) return line.TryPeek(out _, out var due) && due <= now ? line.Dequeue() : null;
    }
}
