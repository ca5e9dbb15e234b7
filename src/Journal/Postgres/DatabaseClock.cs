namespace PasswordSync.Journal.Postgres;

/// <summary>
/// The clock of the database server, as one of its nodes knows it: what one node writes as due, expired or decided at a time, all others read by the same clock, however wrong their own
/// machines' are. Between two looks it goes on by the machine's clock of elapsed time, so nobody who sets the machine's time moves it. Until the database was seen, and beside a file of
/// the node's own, it is the machine's clock. Safe from any thread.
/// </summary>
/// <param name="machine">The machine's own clock. Its elapsed time must count what the machine was suspended: else a deadline that passed meanwhile would not be seen before the next look.</param>
public sealed class DatabaseClock(TimeProvider machine) : TimeProvider
{
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
    public void Correct(DateTimeOffset told, long askedAt)
    {
        var now = machine.GetTimestamp();
        var latest = told + machine.GetElapsedTime(askedAt, now);

        // Only as far as it is proven wrong: a slow answer says little, and must not make the time jump.
        var time = last is { } known ? Clamp(At(known, now), told, latest) : told + ((latest - told) / 2);
        Volatile.Write(ref last, new Reading(time, now));
    }

    private DateTimeOffset At(Reading known, long timestamp) => known.Time + machine.GetElapsedTime(known.At, timestamp);

    private static DateTimeOffset Clamp(DateTimeOffset time, DateTimeOffset earliest, DateTimeOffset latest) => time < earliest ? earliest : time > latest ? latest : time;
}
