using System.Diagnostics;

namespace PasswordSync.Lab;

/// <summary>Waits for what a real server does in its own time and tells nobody about.</summary>
public static class Eventually
{
    /// <summary>How long after one look the next one is taken.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(40);

    /// <summary>Looks again and again until the condition holds.</summary>
    /// <param name="what">What is waited for, as the end of the sentence "Waited in vain for ...".</param>
    /// <param name="within">How long at most.</param>
    /// <param name="condition">The look. An exception ends the wait.</param>
    /// <returns>How long it took.</returns>
    /// <exception cref="TimeoutException">The condition did not hold in time.</exception>
    public static async Task<TimeSpan> HoldsAsync(
        string what, TimeSpan within, Func<CancellationToken, Task<bool>> condition, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition(cancellationToken))
        {
            if (watch.Elapsed > within) throw new TimeoutException($"Waited in vain for {what} ({watch.Elapsed.TotalSeconds:F1} s).");
            await Task.Delay(LookInterval, cancellationToken);
        }

        return watch.Elapsed;
    }
}
