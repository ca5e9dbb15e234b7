using Microsoft.Data.Sqlite;

namespace PasswordSync.Journal.Sqlite.Engine;

/// <summary>How ids and times stand in columns.</summary>
internal static class Columns
{
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;

    /// <summary>The 16 bytes in RFC 9562 order.</summary>
    public static byte[] ToColumn(this Guid value) => value.ToByteArray(bigEndian: true);

    public static Guid ReadGuid(this SqliteDataReader row, int column) => new(row.GetFieldValue<byte[]>(column), bigEndian: true);

    /// <summary>Microseconds since 1970-01-01 UTC, rounded up: what is due is never due early.</summary>
    public static long ToColumn(this DateTimeOffset time) =>
        (long)Math.Ceiling((decimal)(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TicksPerMicrosecond);

    /// <summary>Microseconds since 1970-01-01 UTC, rounded down: for "up to now".</summary>
    public static long ToColumnLimit(this DateTimeOffset time) =>
        (long)Math.Floor((decimal)(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TicksPerMicrosecond);

    public static DateTimeOffset ReadTime(this SqliteDataReader row, int column) =>
        DateTimeOffset.UnixEpoch.AddTicks(row.GetInt64(column) * TicksPerMicrosecond);
}
