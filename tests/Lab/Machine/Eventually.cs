using System.Diagnostics;

namespace PasswordSync.Lab;

/// <summary>Waits for what a real server does in its own time and tells nobody about.</summary>
public static class Eventually
{
    /// <summary>How long after the first look the next one is taken.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(40);

    /// <summary>The longest time between two looks: many of them start a program.</summary>
    private static readonly TimeSpan LookIntervalMax = TimeSpan.FromSeconds(1);

    /// <summary>Looks become rarer with the time that was waited already, so that none comes later than by this part of it.</summary>
    private const double Lateness = 0.05;

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
            await Task.Delay(PauseAfter(watch.Elapsed), cancellationToken);
        }

        return watch.Elapsed;
    }

    private static TimeSpan PauseAfter(TimeSpan waited) =>
        TimeSpan.FromTicks(Math.Clamp((waited * Lateness).Ticks, LookInterval.Ticks, LookIntervalMax.Ticks));
}
