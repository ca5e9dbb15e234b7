namespace PasswordSync.Simulation.World;

/// <summary>
/// What will happen, in the order in which it does. Everything runs on the thread that made it, one step at a time, so the same seed gives the same
/// history: a step that comes from another thread is a fault of the simulation and is refused.
/// </summary>
internal sealed class EventLine(Random random)
{
    private readonly PriorityQueue<Action, (long At, long Order)> line = new();
    private readonly int thread = Environment.CurrentManagedThreadId;
    private long added;

    /// <summary>The true time since the beginning, which no clock in the simulation needs to show.</summary>
    public TimeSpan Now { get; private set; }

    public Random Random { get; } = random;

    public void Add(TimeSpan after, Action step)
    {
        if (Environment.CurrentManagedThreadId != thread) throw new InvalidOperationException("The simulation was left: a step came from another thread.");
        line.Enqueue(step, ((Now + after).Ticks, added++));
    }

    /// <summary>A short time, as a message or a thread takes it.</summary>
    public TimeSpan Soon() => TimeSpan.FromMicroseconds(Random.Next(20, 3_000));

    /// <summary>A random time up to the given one.</summary>
    public TimeSpan Within(TimeSpan most) => most * Random.NextDouble();

    public bool Happens(double probability) => Random.NextDouble() < probability;

    /// <summary>Runs all that happens until a time.</summary>
    public void RunUntil(TimeSpan end)
    {
        while (line.TryPeek(out _, out var next) && next.At <= end.Ticks)
        {
            var step = line.Dequeue();
            Now = TimeSpan.FromTicks(next.At);
            step();
        }

        Now = end;
    }
}
