namespace PasswordSync.Journal.Storing;

/// <summary>Wakes whoever waits; remembers a call that nobody took, also one that came when a wait had just run out.</summary>
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
            raised = true;
            (woken, waiting) = (waiting, null);
        }

        woken?.SetResult();
    }

    public async Task WaitAsync()
    {
        await WhenRaised().ConfigureAwait(false);
        Take();
    }

    /// <summary>Ends when it is raised, or after a time.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var raising = WhenRaised();
        await Task.WhenAny(raising, Task.Delay(atMost, time, ending.Token)).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (raising.IsCompleted) Take();
    }

    private Task WhenRaised()
    {
        lock (gate)
        {
            if (raised) return Task.CompletedTask;
            waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return waiting.Task;
        }
    }

    // Whoever was woken looks after this: what was raised meanwhile, it sees too.
    private void Take()
    {
        lock (gate) raised = false;
    }
}
