namespace PasswordSync.Actors.Sharding;

/// <summary>
/// The inbox rows that are not to be read: those with identities, and those put off. Every entry ends by itself, so that a row that nobody gives back is
/// handed out again (deciding twice is harmless: the second time it is a duplicate), and one that was decided unnoticed is forgotten. Safe from any thread.
/// </summary>
internal sealed class RowsInHand(TimeProvider clock)
{
    private readonly record struct Entry(long Until, bool IsPutOff);

    private readonly Lock gate = new();
    private readonly Dictionary<long, Entry> entries = [];
    private readonly HashSet<long> excepted = [];
    private readonly List<long> due = [];
    private int putOff;
    private (int AtMost, TaskCompletionSource Reached)? wanted;

    /// <summary>Rows that are with identities.</summary>
    public int HandedOut
    {
        get { lock (gate) return entries.Count - putOff; }
    }

    /// <summary>Rows that wait for their time.</summary>
    public int PutOffCount
    {
        get { lock (gate) return putOff; }
    }

    /// <summary>The row goes to an identity; after <paramref name="atMost"/> it counts as lost on the way.</summary>
    public void HandOut(long sequence, TimeSpan atMost) => Set(sequence, atMost, isPutOff: false);

    /// <summary>The row stays in the inbox, and is to be read again after some time.</summary>
    public void PutOff(long sequence, TimeSpan after) => Set(sequence, after, isPutOff: true);

    /// <summary>The row is decided.</summary>
    public void Remove(long sequence)
    {
        TaskCompletionSource? reached;
        lock (gate)
        {
            if (entries.Remove(sequence, out var entry) && entry.IsPutOff) putOff--;
            reached = TakeReached();
        }

        reached?.SetResult();
    }

    /// <summary>Forgets what has come due, and gives the rest. The same set each time: valid until the next call.</summary>
    public IReadOnlySet<long> TakeNotDue()
    {
        var now = clock.GetTimestamp();
        excepted.Clear();
        lock (gate)
        {
            foreach (var (sequence, entry) in entries)
            {
                if (entry.Until > now) excepted.Add(sequence);
                else due.Add(sequence);
            }

            foreach (var sequence in due)
            {
                if (entries.Remove(sequence, out var entry) && entry.IsPutOff) putOff--;
            }

            due.Clear();
        }

        return excepted;
    }

    /// <summary>Ends when at most so many rows are with identities. For one caller.</summary>
    public Task WhenHandedOutIsAtMostAsync(int atMost)
    {
        lock (gate)
        {
            if (entries.Count - putOff <= atMost) return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            wanted = (atMost, reached);
            return reached.Task;
        }
    }

    private void Set(long sequence, TimeSpan after, bool isPutOff)
    {
        var until = clock.GetTimestamp() + (long)(after.TotalSeconds * clock.TimestampFrequency);
        TaskCompletionSource? reached;
        lock (gate)
        {
            if (entries.TryGetValue(sequence, out var before) && before.IsPutOff) putOff--;
            if (isPutOff) putOff++;
            entries[sequence] = new Entry(until, isPutOff);
            reached = TakeReached();
        }

        reached?.SetResult();
    }

    private TaskCompletionSource? TakeReached()
    {
        if (wanted is not { } want || entries.Count - putOff > want.AtMost) return null;
        wanted = null;
        return want.Reached;
    }
}
