namespace PasswordSync.Operations.Tests.Support;

/// <summary>The system's clock, set forward by hand: for what only much time brings, such as an edge that is missed. Timers run at their usual pace.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    private long shift;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref shift));

    /// <summary>Sets it forward.</summary>
    public void Forward(TimeSpan by) => Interlocked.Add(ref shift, by.Ticks);
}
