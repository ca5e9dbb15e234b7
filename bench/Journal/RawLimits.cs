using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace PasswordSync.Journal.Bench;

/// <summary>What the machine gives without the store.</summary>
internal static class RawLimits
{
    /// <summary>Appends 4 KiB and flushes it, one after the other.</summary>
    public static Task<double> FlushesAsync(string folder, TimeSpan length)
    {
        using var file = File.OpenHandle(Path.Combine(folder, "flushes"), FileMode.CreateNew, FileAccess.Write);
        var block = new byte[4_096];
        var (offset, began) = (0L, Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(began) < length)
        {
            RandomAccess.Write(file, block, offset);
            RandomAccess.FlushToDisk(file);
            offset += block.Length;
        }

        return Task.FromResult(offset / block.Length / Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    /// <summary>Inserts rows of 300 bytes with the store's settings; rows in a second.</summary>
    public static Task<double> CommitsAsync(string folder, TimeSpan length, int rows)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "raw.db")};Pooling=False");
        connection.Open();
        Run(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; CREATE TABLE t (id INTEGER PRIMARY KEY, a BLOB) STRICT");
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO t (a) VALUES ($1)";
        insert.Parameters.AddWithValue("$1", new byte[300]);
        var (done, began) = (0L, Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(began) < length)
        {
            using var transaction = connection.BeginTransaction();
            insert.Transaction = transaction;
            for (var row = 0; row < rows; row++) insert.ExecuteNonQuery();
            transaction.Commit();
            done += rows;
        }

        return Task.FromResult(done / Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A constant.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
