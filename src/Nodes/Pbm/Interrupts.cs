namespace PasswordSync.Pbm;

/// <summary>Ctrl-C: ends a stream, or a command of the prompt, and not the client. Where nothing of that kind runs, the process ends as any other does. Safe from any thread.</summary>
public sealed class Interrupts
{
    private readonly Lock gate = new();
    private CancellationTokenSource? running;

    /// <summary>Somebody pressed it.</summary>
    /// <returns>Whether something ends by itself now; false if nothing can, or if it was asked to before and has not ended.</returns>
    public bool Press()
    {
        lock (gate)
        {
            if (running is null || running.IsCancellationRequested) return false;
            _ = running.CancelAsync();
            return true;
        }
    }

    /// <summary>Runs what Ctrl-C may end. Within another one the inner one ends first.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CancellationTokenSource? outer;
        lock (gate) (outer, running) = (running, ending);
        try
        {
            await run(ending.Token).ConfigureAwait(false);
        }
        finally
        {
            lock (gate) running = outer;
        }
    }
}
