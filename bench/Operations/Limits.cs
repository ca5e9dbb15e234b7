using System.Diagnostics;
using Npgsql;
using PasswordSync.Lab;

namespace PasswordSync.Operations.Bench;

/// <summary>What the machine gives without a node.</summary>
internal static class Limits
{
    public static async Task PrintAsync(PostgresServer server, int times, int repeats)
    {
        Console.WriteLine($"{Environment.NewLine}limits: the database alone");
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var connection = await source.OpenConnectionAsync();
        Report.Times("a round trip", await RoundTripsAsync(connection, times));
        var rates = new List<double>();
        for (var repeat = 0; repeat < repeats; repeat++) rates.Add(await EventsAsync(connection));
        Report.Rate("events read in their order, thrown away", rates);
    }

    private static async Task<List<TimeSpan>> RoundTripsAsync(NpgsqlConnection connection, int times)
    {
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        await command.PrepareAsync();
        var all = new List<TimeSpan>();
        for (var i = 0; i < times; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await command.ExecuteScalarAsync();
            all.Add(Stopwatch.GetElapsedTime(began));
        }

        return all;
    }

    private static async Task<double> EventsAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT event_id, identity_id, seq, kind, body FROM passwordsync.event ORDER BY event_id", connection);
        var (read, began) = (0L, Stopwatch.GetTimestamp());
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync()) read += rows.GetString(4).Length > 0 ? 1 : 0;
        return read / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
