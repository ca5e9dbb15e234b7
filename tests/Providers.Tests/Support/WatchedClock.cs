namespace PasswordSync.Providers.Tests.Support;

/// <summary>The system's clock, which tells when it is first read after <see cref="Watch"/>: a write permit reads it when it is used.</summary>
internal sealed class WatchedClock : TimeProvider
{
    private Action? onRead;

    public void Watch(Action action) => onRead = action;

    public override DateTimeOffset GetUtcNow()
    {
        Interlocked.Exchange(ref onRead, null)?.Invoke();
        return base.GetUtcNow();
    }
}
