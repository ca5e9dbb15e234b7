using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Providers.Contract;

/// <summary>A password to set.</summary>
/// <param name="Target">The account, as <see cref="IProvider.PrepareAsync"/> found it.</param>
/// <param name="Baseline">The account's mark before the write, as it was journalled; null if there was none.</param>
/// <param name="CaptureId">The change; the same in every repeat, so a target can use it to tell repeats.</param>
/// <param name="MustChangeAtNextLogon">Whether the source wants the user to choose another password at the next logon.</param>
/// <param name="Permit">To be used once, last before the write.</param>
public sealed record SetRequest(
    TargetAccount Target,
    TargetMark? Baseline,
    CaptureId CaptureId,
    bool MustChangeAtNextLogon,
    WritePermit Permit);

/// <summary>
/// The permission of one attempt to write until its deadline. Watches the wall clock and the time that passed since the deadline was set, so that a
/// clock set back prolongs nothing. Not for several writes at once.
/// </summary>
public sealed class WritePermit
{
    private readonly TimeProvider time;

    /// <summary>A permission whose deadline is set at this moment.</summary>
    /// <param name="deadline">After this nothing may be written.</param>
    /// <param name="time">The clock.</param>
    public WritePermit(DateTimeOffset deadline, TimeProvider time)
        : this(deadline, WriteWindow.Until(deadline, time), time)
    {
    }

    /// <summary>A permission whose deadline was set before: what happened meanwhile, a stopped process or a clock set back, prolongs nothing.</summary>
    /// <param name="deadline">After this nothing may be written, by the wall clock.</param>
    /// <param name="window">The same by the time that passes.</param>
    /// <param name="time">The clock.</param>
    public WritePermit(DateTimeOffset deadline, WriteWindow window, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        this.time = time;
        Window = window;
        Deadline = deadline;
    }

    /// <summary>After this nothing may be written.</summary>
    public DateTimeOffset Deadline { get; }

    /// <summary>The same by the time that passes.</summary>
    public WriteWindow Window { get; }

    /// <summary>Whether a write may have begun.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>The server that it was used for, as <c>host:port</c>; null before, and where the provider did not tell.</summary>
    public string? Server { get; private set; }

    /// <summary>What remains of it; zero after the deadline.</summary>
    public TimeSpan Remaining
    {
        get
        {
            var byClock = Deadline - time.GetUtcNow();
            var byElapsed = Window.Length - time.GetElapsedTime(Window.Since);
            var remaining = byClock < byElapsed ? byClock : byElapsed;
            return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
        }
    }

    /// <summary>
    /// Says whether the write may begin now. After a null the write counts as begun: whatever goes wrong from then on is
    /// <see cref="DeliveryOutcome.Unknown"/>, unless the provider knows that nothing was sent.
    /// </summary>
    /// <param name="server">The server that is written to, as <c>host:port</c>, for the journal; null if the target has no such name.</param>
    /// <returns>Null if it may; else the outcome to return.</returns>
    /// <exception cref="InvalidOperationException">It was used before.</exception>
    public DeliveryOutcome? Use(string? server = null)
    {
        if (IsUsed) throw new InvalidOperationException("Internal error: a write permit is for one write.");
        if (Remaining == TimeSpan.Zero) return new DeliveryOutcome.Transient("The attempt's deadline passed before the password was sent; nothing was written.");
        IsUsed = true;
        Server = server;
        return null;
    }
}

/// <summary>For how long an attempt may write, by the time that passes: no clock's setting has a part in it.</summary>
/// <param name="Since">The clock's timestamp from which it counts; taken before the deadline was computed.</param>
/// <param name="Length">How long; nothing may be written in a window of no length.</param>
public readonly record struct WriteWindow(long Since, TimeSpan Length)
{
    /// <summary>The window from this moment to a deadline.</summary>
    public static WriteWindow Until(DateTimeOffset deadline, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new WriteWindow(time.GetTimestamp(), deadline - time.GetUtcNow());
    }
}
