namespace PasswordSync.Journal.Sqlite.Engine;

/// <summary>Wakes whoever waits; remembers one call that nobody waited for.</summary>
internal sealed class Signal
{
    private readonly Lock gate = new();
    private TaskCompletionSource? waiting;
    private bool raised;

    public void Raise()
    {
        TaskCompletionSource? woken;
        lock (gate)
        {
            woken = waiting;
            waiting = null;
            raised = woken is null;
        }

        woken?.SetResult();
    }

    public Task WaitAsync()
    {
        lock (gate)
        {
            if (raised)
            {
                raised = false;
                return Task.CompletedTask;
            }

            waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return waiting.Task;
        }
    }
}
