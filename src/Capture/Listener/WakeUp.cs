namespace PasswordSync.Capture.Listener;

/// <summary>
/// Wakes one waiter. A call of <see cref="Signal"/> while nobody waits is not lost: the next wait ends at once. (A semaphore would not do: a wait that is
/// given up stays in its queue for a moment, and takes a signal with it.)
/// </summary>
internal sealed class WakeUp
{
    private readonly Lock gate = new();
    private TaskCompletionSource signalled = New();

    public void Signal()
    {
        lock (gate) signalled.TrySetResult();
    }

    /// <summary>Ends when it was signalled since the last wait ended, or after <paramref name="atMost"/>. The caller then looks at what may have changed.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        Task signal;
        lock (gate) signal = signalled.Task;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(signal, Task.Delay(atMost, time, ending.Token));
        await ending.CancelAsync();
        lock (gate)
        {
            if (signalled.Task.IsCompleted) signalled = New();
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
