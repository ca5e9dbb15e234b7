using Microsoft.Data.Sqlite;
using PasswordSync.Core.Ports;

namespace PasswordSync.Journal.Sqlite.Engine;

/// <summary>Tells trouble of the database from bugs, and says it in words for people. Codes: sqlite.org/rescode.html.</summary>
internal static class SqliteTrouble
{
    /// <summary>Whether the file is no database at all.</summary>
    public static bool IsNoDatabase(Exception trouble) => trouble is SqliteException { SqliteErrorCode: 26 };

    /// <summary>Whether trying again later can help, after somebody did something or by itself.</summary>
    public static bool IsOfStorage(Exception trouble) => trouble switch
    {
        SqliteException sqlite => Words(sqlite.SqliteErrorCode) is not null,
        IOException or UnauthorizedAccessException => true,
        _ => false,
    };

    /// <summary>The exception for the caller: what the port promises for trouble of storage, else the trouble itself.</summary>
    public static Exception Explain(Exception trouble, string path) =>
        !IsOfStorage(trouble) ? trouble : new StorageUnavailableException(
            trouble is SqliteException sqlite
                ? $"The database {path} cannot be used: {Words(sqlite.SqliteErrorCode)} (SQLite {sqlite.SqliteErrorCode}, extended {sqlite.SqliteExtendedErrorCode})."
                : $"The database {path} cannot be used: {trouble.Message}",
            trouble);

    private static string? Words(int code) => code switch
    {
        5 or 6 => "another program holds it locked; end that program (a database shell or a backup tool)",
        7 => "there is not enough memory",
        8 => "it cannot be written; look at the rights of the file and its folder, and whether the file system is mounted read-only",
        10 => "reading or writing the disk failed; look at the system's log for errors of the disk",
        11 => "it is damaged; stop the node, keep a copy of the file, and restore a backup",
        13 => "the disk is full; free some space",
        14 => "it cannot be opened; look at the rights of the file and its folder",
        15 => "its locking protocol failed; it must lie on a local file system",
        26 => "it is not a database, or it is damaged; stop the node and restore a backup",
        _ => null,
    };
}
