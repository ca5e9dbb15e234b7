namespace PasswordSync.Actors.Tests.Support;

/// <summary>
/// Runs the turns of actors one at a time on the test's own thread: in the order of their arrival, or with a source of randomness in an order
/// that its seed decides.
/// </summary>
internal sealed class TurnQueue(Random? order = null)
{
    private readonly Lock gate = new();
    private readonly List<IThreadPoolWorkItem> waiting = [];
    private TaskCompletionSource arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Count
    {
        get
        {
            lock (gate) return waiting.Count;
        }
    }

    public void Add(IThreadPoolWorkItem turn)
    {
        lock (gate)
        {
            waiting.Add(turn);
            arrival.TrySetResult();
        }
    }

    /// <summary>Runs one turn; false if none waits.</summary>
    public bool RunOne()
    {
        IThreadPoolWorkItem turn;
        lock (gate)
        {
            if (waiting.Count == 0) return false;
            var index = order?.Next(waiting.Count) ?? 0;
            turn = waiting[index];
            waiting.RemoveAt(index);
        }

        turn.Execute();
        return true;
    }

    /// <summary>Runs turns, and those that they cause, until none waits.</summary>
    public void RunAll()
    {
        while (RunOne())
        {
        }
    }

    /// <summary>Runs turns as they come until <paramref name="task"/> has ended, then gives its result or exception.</summary>
    public async Task<T> RunUntilAsync<T>(Task<T> task)
    {
        await RunUntilAsync((Task)task);
        return await task;
    }

    public async Task RunUntilAsync(Task task)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (arrival.Task.IsCompleted) arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
                next = arrival.Task;
            }

            RunAll();
            if (task.IsCompleted) break;
            await Task.WhenAny(task, next).WaitAsync(Patience.Limit);
        }

        await task;
    }
}

/// <summary>How long a test waits for what must happen soon before it is called a failure. Real time; a passing test never waits for it.</summary>
internal static class Patience
{
    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(5);
}
