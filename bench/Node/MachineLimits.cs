using System.Diagnostics;
using System.Globalization;
using PasswordSync.Journal.Bench;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.KeyRings;

namespace PasswordSync.Node.Bench;

/// <summary>What the machine gives without a node: flushes, commits, opened envelopes.</summary>
internal static class MachineLimits
{
    public static async Task PrintAsync(StorePlace place, TimeSpan length, bool isPostgres)
    {
        Print("writes of 4 KiB, each flushed", await RawLimits.FlushesAsync(place.Folder, length));
        Print("SQLite commits of one row, synchronous=FULL", await RawLimits.CommitsAsync(place.Folder, length, rows: 1));
        File.Delete(Path.Combine(place.Folder, "raw.db"));
        Print("SQLite rows, 100 in a commit", await RawLimits.CommitsAsync(place.Folder, length, rows: 100));
        if (isPostgres) Print("PostgreSQL commits of one row", await ServerLimits.CommitsAsync(place, length, rows: 1));
        Print("envelopes opened, one thread", Opens(length, threads: 1));
        Print("envelopes opened, all processors", Opens(length, Environment.ProcessorCount));
    }

    private static double Opens(TimeSpan length, int threads)
    {
        using var ring = KeyRing.Begin("bench", DateTimeOffset.UtcNow);
        var envelope = Samples.ArriveSealed(ring).Envelope.ToArray();
        var (done, began) = (0L, Stopwatch.GetTimestamp());
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
        {
            while (Stopwatch.GetElapsedTime(began) < length)
            {
                using var password = EnvelopeOpener.Open(envelope, ring, expected: null).Password!;
                Interlocked.Increment(ref done);
            }
        });
        return done / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static void Print(string name, double rate) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-48} {rate,9:N0}/s"));
}
