using Microsoft.Data.Sqlite;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite.Engine;

/// <summary>How ids and times stand in SQLite's columns.</summary>
internal static class Columns
{
    /// <summary>The 16 bytes in RFC 9562 order.</summary>
    public static byte[] ToColumn(this Guid value) => value.ToByteArray(bigEndian: true);

    public static Guid ReadGuid(this SqliteDataReader row, int column) => new(row.GetFieldValue<byte[]>(column), bigEndian: true);

    public static DateTimeOffset ReadTime(this SqliteDataReader row, int column) => StoredTime.FromColumn(row.GetInt64(column));
}
