namespace PasswordSync.Actors;

/// <summary>
/// Repeats a step for as long as the node runs. A step that fails is tried again after a pause, whatever the failure: a loop that ended would leave a
/// node that looks alive and does nothing.
/// </summary>
public static class Repeating
{
    /// <summary>Runs until cancelled; never fails.</summary>
    /// <param name="step">One round, its own waiting included.</param>
    /// <param name="onFailure">Hears of each failure; must not throw.</param>
    /// <param name="pauseAfterFailure">How long to wait after a failure.</param>
    /// <param name="clock">The clock of the pause.</param>
    /// <param name="cancellationToken">Ends the repeating; the step gets it too.</param>
    public static async Task RunAsync(
        Func<CancellationToken, Task> step, Action<Exception> onFailure, TimeSpan pauseAfterFailure, TimeProvider clock, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(onFailure);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await step(cancellationToken).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // What may be wrong is not known here, and ending would be worse: see above.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                if (cancellationToken.IsCancellationRequested) return;
                onFailure(failure);
                await Task.Delay(pauseAfterFailure, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
