namespace PasswordSync.Journal.Storing;

/// <summary>How times stand in columns: microseconds since 1970-01-01 UTC.</summary>
internal static class StoredTime
{
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;

    /// <summary>Rounded up: what is due is never due early.</summary>
    public static long ToColumn(this DateTimeOffset time)
    {
        var (whole, rest) = Math.DivRem(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks, TicksPerMicrosecond);
        return rest > 0 ? whole + 1 : whole;
    }

    /// <summary>Rounded down: for "up to now".</summary>
    public static long ToColumnLimit(this DateTimeOffset time)
    {
        var (whole, rest) = Math.DivRem(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks, TicksPerMicrosecond);
        return rest < 0 ? whole - 1 : whole;
    }

    public static DateTimeOffset FromColumn(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TicksPerMicrosecond);
}
