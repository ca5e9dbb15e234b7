namespace PasswordSync.Providers.Limits;

/// <summary>What a target lets be written, shared by whoever writes under the same name.</summary>
internal interface IWriteBudget
{
    /// <summary>Takes one write.</summary>
    /// <returns>Null if it may be made now; else how long until one may. Nothing is reserved then.</returns>
    ValueTask<TimeSpan?> TakeAsync(CancellationToken cancellationToken);
}

/// <summary>
/// At most so many writes within any window of time, counted on this node. As many as are left may come at once: the quotas of cloud services
/// count, they do not space out. Thread-safe.
/// </summary>
internal sealed class WriteQuota : IWriteBudget
{
    /// <summary>The part of a quota that is used: somebody else may write under the same name now and then.</summary>
    internal const double UsedPart = 0.98;

    /// <summary>How much longer than the window our own is: requests may arrive closer together than they were made.</summary>
    private const double WindowMargin = 1.01;

    private readonly TimeSpan window;
    private readonly TimeProvider time;
    private readonly Lock gate = new();

    /// <summary>When the last writes were made, as a ring: once it is full the next place holds the oldest.</summary>
    private readonly long[] made;
    private int next;
    private long count;

    /// <param name="writes">How many the target lets be made. 1 or greater.</param>
    /// <param name="window">Within which time.</param>
    /// <param name="time">The clock.</param>
    public WriteQuota(int writes, TimeSpan window, TimeProvider time)
    {
        this.window = window * WindowMargin;
        this.time = time;
        made = new long[Math.Max(1, (int)(writes * UsedPart))];
    }

    public ValueTask<TimeSpan?> TakeAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Take());

    private TimeSpan? Take()
    {
        lock (gate)
        {
            if (count >= made.Length)
            {
                var age = time.GetElapsedTime(made[next]);
                if (age < window) return window - age;
            }

            made[next] = time.GetTimestamp();
            next = (next + 1) % made.Length;
            count++;
            return null;
        }
    }
}
