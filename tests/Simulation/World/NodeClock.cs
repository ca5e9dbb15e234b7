namespace PasswordSync.Simulation.World;

/// <summary>
/// A process's clock: the time since its machine's start runs on whatever happens, also while the process is stopped; the time of day may be wrong and jump.
/// What comes due while the process is stopped comes when it goes on; what comes due after its death never comes.
/// </summary>
internal sealed class NodeClock(EventLine line) : TimeProvider
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private TimeSpan stoppedUntil;

    public bool IsDead { get; private set; }

    public bool IsStopped => stoppedUntil > line.Now;

    /// <summary>How wrong the time of day is.</summary>
    public TimeSpan Error { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => line.Now.Ticks;

    public override DateTimeOffset GetUtcNow() => Begin + line.Now + Error;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>The process does nothing until then.</summary>
    public void Stop(TimeSpan forTime) => stoppedUntil = line.Now + forTime;

    /// <summary>The process ends, at once.</summary>
    public void Kill() => IsDead = true;

    /// <summary>Something for the process to do.</summary>
    public void Run(TimeSpan after, Action step) => line.Add(after, () => Resume(step));

    private void Resume(Action step)
    {
        if (IsDead) return;
        if (IsStopped) line.Add(stoppedUntil - line.Now + line.Soon(), () => Resume(step));
        else step();
    }

    private sealed class Timer(NodeClock clock, Action callback) : ITimer
    {
        private int setting;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            setting++;
            if (dueTime != Timeout.InfiniteTimeSpan) Arm(setting, dueTime, period);
            return true;
        }

        public void Dispose() => setting++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Arm(int armed, TimeSpan dueTime, TimeSpan period) => clock.Run(dueTime < TimeSpan.Zero ? TimeSpan.Zero : dueTime, () =>
        {
            if (armed != setting) return;
            if (period > TimeSpan.Zero) Arm(armed, period, period);
            callback();
        });
    }
}
