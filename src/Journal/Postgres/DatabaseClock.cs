namespace PasswordSync.Journal.Postgres;

/// <summary>
/// The clock of the database server, as one of its nodes knows it: what one node writes as due, expired or decided at a time, all others read by the same clock, however wrong their own
/// machines' are. Between two looks it goes on by the machine's clock of elapsed time, so nobody who sets the machine's time moves it. Until the database was seen, and beside a file of
/// the node's own, it is the machine's clock. Safe from any thread.
/// </summary>
/// <param name="machine">The machine's own clock. Its elapsed time must count what the machine was suspended: else a deadline that passed meanwhile would not be seen before the next look.</param>
public sealed class DatabaseClock(TimeProvider machine) : TimeProvider
{
    /// <summary>
    /// How far an answer may lie from what was expected: the time that is known, or the machine's own while none is. One further away is believed only if the machine's own time agrees
    /// with it: a database server with a wrong clock must not make all nodes destroy, at once, keys and passwords that are still needed.
    /// </summary>
    public static readonly TimeSpan CorrectionMax = TimeSpan.FromHours(1);

    // What Kerberos lets the clocks of a domain differ by.
    private static readonly TimeSpan Agreement = TimeSpan.FromMinutes(5);

    private sealed record Reading(DateTimeOffset Time, long At);

    private Reading? last;

    /// <summary>The machine's own clock.</summary>
    public TimeProvider Machine => machine;

    public override TimeZoneInfo LocalTimeZone => machine.LocalTimeZone;

    public override long TimestampFrequency => machine.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => Volatile.Read(ref last) is { } known ? At(known, machine.GetTimestamp()) : machine.GetUtcNow();

    public override long GetTimestamp() => machine.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => machine.CreateTimer(callback, state, dueTime, period);

    /// <summary>Takes what the database told. One look after the other.</summary>
    /// <param name="told">The database's time at some moment between the question and now.</param>
    /// <param name="askedAt">The timestamp just before the question.</param>
    /// <returns>False if it is further away than <see cref="CorrectionMax"/> and the machine does not agree: nothing is changed then.</returns>
    public bool Correct(DateTimeOffset told, long askedAt)
    {
        var (now, machineNow) = (machine.GetTimestamp(), machine.GetUtcNow());
        var latest = told + machine.GetElapsedTime(askedAt, now);
        var known = last is { } reading ? At(reading, now) : (DateTimeOffset?)null;

        // Only as far as it is proven wrong: a slow answer says little, and must not make the time jump.
        var time = known is { } expected ? Clamp(expected, told, latest) : told + ((latest - told) / 2);
        if ((time - (known ?? machineNow)).Duration() > CorrectionMax && (machineNow < told - Agreement || machineNow > latest + Agreement)) return false;
        Volatile.Write(ref last, new Reading(time, now));
        return true;
    }

    private DateTimeOffset At(Reading known, long timestamp) => known.Time + machine.GetElapsedTime(known.At, timestamp);

    private static DateTimeOffset Clamp(DateTimeOffset time, DateTimeOffset earliest, DateTimeOffset latest) => time < earliest ? earliest : time > latest ? latest : time;
}
