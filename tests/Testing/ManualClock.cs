namespace PasswordSync.Testing;

/// <summary>The clock of all tests: it stands until <see cref="Advance"/>. Timers fire on the caller's thread, in the order in which they are due, each at its own time.</summary>
/// <param name="start">The time of day at first.</param>
public sealed class ManualClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> armed = [];
    private readonly List<(int Timers, TaskCompletionSource Reached)> waits = [];
    private TimeSpan elapsed;
    private TimeSpan suspended;
    private TimeSpan slept;

    public ManualClock()
        : this(new DateTimeOffset(2026, 3, 2, 10, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>Timers that will still fire: what code under test waits for.</summary>
    public int ArmedTimers
    {
        get { lock (gate) return armed.Count; }
    }

    /// <summary>How long until the next timer fires; null if none will.</summary>
    public TimeSpan? NextTimer
    {
        get { lock (gate) return armed.Count == 0 ? null : armed.Min(timer => timer.Due) - elapsed; }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return start + elapsed + slept + suspended;
    }

    public override long GetTimestamp()
    {
        lock (gate) return (elapsed + slept).Ticks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time pass.</summary>
    public void Advance(TimeSpan by)
    {
        TimeSpan until;
        lock (gate) until = elapsed + by;
        while (NextDue(until) is { } timer) timer.Fire();
        lock (gate) elapsed = until > elapsed ? until : elapsed;
    }

    /// <summary>Lets all but the timers go on, as when a machine is suspended whose timestamps count that.</summary>
    public void Sleep(TimeSpan time)
    {
        lock (gate) slept += time;
    }

    /// <summary>Lets the time of day go on alone, as when a machine is suspended whose timestamps stand still meanwhile, or its clock is set: so do timers.</summary>
    public void Suspend(TimeSpan time)
    {
        lock (gate) suspended += time;
    }

    /// <summary>Ends when that many timers are armed: for code under test that arms them on another thread.</summary>
    public Task WhenArmedAsync(int timers)
    {
        lock (gate)
        {
            if (armed.Count >= timers) return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waits.Add((timers, reached));
            return reached.Task;
        }
    }

    private ManualTimer? NextDue(TimeSpan until)
    {
        lock (gate)
        {
            var next = armed.Where(timer => timer.Due <= until).MinBy(timer => timer.Due);
            if (next is null) return null;
            if (next.Due > elapsed) elapsed = next.Due;
            if (next.Period is { } period) next.Due += period;
            else armed.Remove(next);
            return next;
        }
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private bool disposed;

        public TimeSpan Due { get; set; }

        public TimeSpan? Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                if (disposed) return false;
                clock.armed.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = clock.elapsed + dueTime;
                Period = period == Timeout.InfiniteTimeSpan || period == TimeSpan.Zero ? null : period;
                clock.armed.Add(this);
                foreach (var (_, reached) in clock.waits.Where(wait => wait.Timers <= clock.armed.Count)) reached.TrySetResult();
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock.gate)
            {
                disposed = true;
                clock.armed.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
