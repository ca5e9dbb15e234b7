using System.Diagnostics;
using Npgsql;

namespace PasswordSync.Journal.Bench;

/// <summary>What a PostgreSQL server gives without the store.</summary>
internal static class ServerLimits
{
    /// <summary>Inserts rows of 300 bytes into PostgreSQL with one statement for each commit; rows in a second.</summary>
    public static async Task<double> CommitsAsync(StorePlace place, TimeSpan length, int rows)
    {
        await using var source = NpgsqlDataSource.Create(place.ConnectionString);
        await using var connection = await source.OpenConnectionAsync();
        var table = $"raw_{Guid.NewGuid():N}";
#pragma warning disable CA2100 // Constants and a random name.
        await using (var create = new NpgsqlCommand($"CREATE TABLE {table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a bytea)", connection)) await create.ExecuteNonQueryAsync();
        await using var insert = new NpgsqlCommand($"INSERT INTO {table} (a) SELECT unnest($1)", connection);
#pragma warning restore CA2100
        insert.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. Enumerable.Repeat(new byte[300], rows)] });
        await insert.PrepareAsync();
        var (done, began) = (0L, Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(began) < length) done += await insert.ExecuteNonQueryAsync();
        return done / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
