namespace PasswordSync.Actors.Runtime;

/// <summary>What a supervisor does about a failure of its child.</summary>
public enum Directive
{
    /// <summary>
    /// A new incarnation with the same mailbox, after a backoff. The children of the failed one stop first. The message whose handling failed is
    /// handled again, before any other, until <see cref="SupervisorStrategy.PoisonThreshold"/> parks it.
    /// </summary>
    Restart,

    /// <summary>The child stops, and the parent gets a <see cref="Terminated"/> notice.</summary>
    Stop,

    /// <summary>The supervisor fails with the same exception, and its own supervisor decides. Past the root, the system shuts down.</summary>
    Escalate,
}

/// <summary>How a parent treats failures of its children. Immutable and free of side effects: the runtime asks it on any thread.</summary>
public sealed record SupervisorStrategy
{
    /// <summary>Restarts with every default below.</summary>
    public static SupervisorStrategy Default { get; } = new();

    /// <summary>Chooses by the exception's class. Default: always <see cref="Directive.Restart"/>. If it throws itself: <see cref="Directive.Escalate"/>.</summary>
    public Func<Exception, Directive> Decide { get; init; } = static _ => Directive.Restart;

    /// <summary>When a failed child comes back.</summary>
    public Backoff Backoff { get; init; } = Backoff.Default;

    /// <summary>How many restarts within <see cref="Window"/> are tried; one more failure stops the child. From 0 to 1,000; default 10.</summary>
    public int RestartLimit
    {
        get;
        init => field = value is >= 0 and <= 1_000
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RestartLimit), value, "A restart limit is from 0 to 1,000.");
    } = 10;

    /// <summary>The span in which restarts count towards the limit. Default 10 minutes.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>After how many failures of its actor one message is parked as poisoned, from 1: it is never handled again. Default 3.</summary>
    public int PoisonThreshold
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(PoisonThreshold), value, "A poison threshold is at least 1.");
    } = 3;

    internal Directive DecideOrEscalate(Exception failure)
    {
        try
        {
            return Decide(failure);
        }
        catch (Exception)
        {
            return Directive.Escalate;
        }
    }
}

/// <summary>How long a failed actor waits before it restarts: doubling from a minimum to a maximum, shortened by jitter.</summary>
/// <param name="Minimum">Before the first restart. Zero: at once.</param>
/// <param name="Maximum">The longest wait.</param>
/// <param name="JitterShare">The part of a wait, from 0 to 1, that jitter may take away, so that actors that failed together do not return together.</param>
/// <param name="ResetAfter">After so long without a failure the next wait is the minimum again.</param>
/// <param name="Jitter">Gives a number from 0 up to, not including, 1; safe from any thread.</param>
public sealed record Backoff(TimeSpan Minimum, TimeSpan Maximum, double JitterShare, TimeSpan ResetAfter, Func<double> Jitter)
{
    /// <summary>0.1 s doubling up to 30 s, up to a fifth shorter, starting over after a minute without failure.</summary>
    public static Backoff Default { get; } =
        new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30), 0.2, TimeSpan.FromMinutes(1), Random.Shared.NextDouble);

    /// <summary>The wait before the restart with this number, counted from 1.</summary>
    public TimeSpan Delay(int restart)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(restart, 1);
        var doubled = Minimum.TotalMilliseconds * Math.Pow(2, restart - 1);
        return TimeSpan.FromMilliseconds(Math.Min(doubled, Maximum.TotalMilliseconds) * (1 - (JitterShare * Jitter())));
    }
}
