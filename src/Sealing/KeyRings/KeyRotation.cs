namespace PasswordSync.Sealing.KeyRings;

/// <summary>How keys follow one another. A negative duration is a bug of the caller: <see cref="ArgumentOutOfRangeException"/>.</summary>
public sealed record KeyRotation
{
    /// <summary>The usual <see cref="Interval"/>.</summary>
    public static readonly TimeSpan IntervalDefault = TimeSpan.FromDays(1);

    /// <param name="captureAgeMax">See <see cref="CaptureAgeMax"/>.</param>
    public KeyRotation(TimeSpan captureAgeMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(captureAgeMax, TimeSpan.Zero);
        CaptureAgeMax = captureAgeMax;
    }

    /// <summary>
    /// How long a retired key is kept: the longest that a capture may wait to be opened, with the longest that an edge may take to learn of a new
    /// key. Zero or more; too short loses the passwords that still wait.
    /// </summary>
    public TimeSpan CaptureAgeMax { get; }

    /// <summary>How long a key is sealed to. Zero or more; a day if not set.</summary>
    public TimeSpan Interval
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    } = IntervalDefault;

    /// <summary>
    /// The time from a new key's making to its first use for sealing: for every node of the cluster to have saved it. Zero or more; zero if not
    /// set, which suits a single node.
    /// </summary>
    public TimeSpan PublicationDelay
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    }
}
