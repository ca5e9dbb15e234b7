using PasswordSync.Capture.Listener;

namespace PasswordSync.Capture.Pipeline;

/// <summary>Which account is to be looked at when. Thread-safe; a look under way has its account for itself.</summary>
internal sealed class ProofSchedule
{
    private readonly Lock gate = new();
    private readonly Dictionary<AccountKey, AccountWork> accounts = [];
    private readonly PriorityQueue<AccountWork, DateTimeOffset> queue = new();
    private readonly WakeUp changed = new();

    /// <summary>How many accounts have captures that are not decided.</summary>
    public int Count
    {
        get { lock (gate) return accounts.Count; }
    }

    /// <summary>Adds a capture, to be looked at now.</summary>
    public void Add(ObservedCapture capture, DateTimeOffset now)
    {
        lock (gate)
        {
            if (!accounts.TryGetValue(capture.Account, out var work))
            {
                work = accounts[capture.Account] = new AccountWork(capture.Account, capture.AccountName) { DueAt = now };
                queue.Enqueue(work, now);
            }
            else if (work.DueAt > now)
            {
                work.DueAt = now;
                queue.Enqueue(work, now);
            }

            work.Arrived.Add(capture);
        }

        changed.Signal();
    }

    /// <summary>The next account that is due; it is the caller's until <see cref="Return"/>.</summary>
    /// <param name="nextAt">If none is: when the next will be; null if there is none at all.</param>
    public AccountWork? Take(DateTimeOffset now, out DateTimeOffset? nextAt)
    {
        lock (gate)
        {
            nextAt = null;
            while (queue.TryPeek(out var work, out var dueAt))
            {
                // An entry counts only while its account is still due then: it may have been taken, or become due earlier.
                if (work.DueAt == dueAt && dueAt > now)
                {
                    nextAt = dueAt;
                    return null;
                }

                queue.Dequeue();
                if (work.DueAt != dueAt) continue;
                work.DueAt = null;
                return work;
            }

            return null;
        }
    }

    /// <summary>Moves what arrived to what is open.</summary>
    public void TakeArrived(AccountWork work)
    {
        lock (gate)
        {
            foreach (var capture in work.Arrived) work.Open.TryAdd(capture.CaptureId, capture);
            work.Arrived.Clear();
        }
    }

    /// <summary>Ends a look: the account waits until <paramref name="dueAt"/>, or is done if it has nothing open.</summary>
    public void Return(AccountWork work, DateTimeOffset dueAt, DateTimeOffset now)
    {
        lock (gate)
        {
            if (work.Open.Count == 0 && work.Arrived.Count == 0)
            {
                accounts.Remove(work.Key);
                return;
            }

            work.DueAt = work.Arrived.Count > 0 ? now : dueAt;
            queue.Enqueue(work, work.DueAt.Value);
        }

        changed.Signal();
    }

    /// <summary>Ends when something may be due earlier than before, or after <paramref name="atMost"/>.</summary>
    public Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken) => changed.WaitAsync(atMost, time, cancellationToken);
}
