namespace PasswordSync.Nodes.Tests.Support;

/// <summary>A clock on which everything takes several times as long, so that what the product gives itself is not used up when a busy machine keeps it waiting.</summary>
/// <param name="factor">How many seconds one of its seconds takes.</param>
internal sealed class SlowClock(int factor) : TimeProvider
{
    private readonly DateTimeOffset start = DateTimeOffset.UtcNow;
    private readonly long began = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => start + GetElapsedTime(0);

    public override long GetTimestamp() => (System.GetTimestamp() - began) / factor;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => System.CreateTimer(callback, state, Slow(dueTime), Slow(period));

    private TimeSpan Slow(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? time : time * factor;
}
