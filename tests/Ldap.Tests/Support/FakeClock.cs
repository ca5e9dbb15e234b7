namespace PasswordSync.Ldap.Tests.Support;

/// <summary>A clock that stands still until it is told to move. Timers fire on the thread that moves it.</summary>
internal sealed class FakeClock : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock gate = new();
    private readonly List<FakeTimer> timers = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> waiters = [];
    private long ticks;
    private long suspendedTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return Start.AddTicks(ticks + suspendedTicks);
    }

    public override long GetTimestamp()
    {
        lock (gate) return ticks;
    }

    public void Advance(TimeSpan by)
    {
        List<FakeTimer> due;
        lock (gate)
        {
            ticks += by.Ticks;
            due = [.. timers.Where(timer => timer.DueAt <= ticks).OrderBy(timer => timer.DueAt)];
            timers.RemoveAll(due.Contains);
        }

        foreach (var timer in due) timer.Fire();
    }

    /// <summary>Lets the time of day go on alone, as when a machine is suspended: timers and timestamps stand still.</summary>
    public void Suspend(TimeSpan time)
    {
        lock (gate) suspendedTicks += time.Ticks;
    }

    /// <summary>Ends once that many timers are running.</summary>
    public Task WaitForTimersAsync(int count)
    {
        lock (gate)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add((count, reached));
            TellWaiters();
            return reached.Task;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero) throw new NotSupportedException("One shot only.");
        var timer = new FakeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void TellWaiters()
    {
        foreach (var (_, reached) in waiters.Where(waiter => waiter.Count <= timers.Count)) reached.TrySetResult();
    }

    private sealed class FakeTimer(FakeClock clock, TimerCallback callback, object? state) : ITimer
    {
        public long DueAt { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                DueAt = clock.ticks + dueTime.Ticks;
                clock.timers.Add(this);
                clock.TellWaiters();
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock.gate) clock.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
