using System.Diagnostics.Metrics;
using System.Globalization;
using PasswordSync.Journal.Bench;

namespace PasswordSync.Node.Bench;

/// <summary>What work costs beside time, counted from the making of this object.</summary>
internal sealed class Costs : IDisposable
{
    private readonly StorePlace place;
    private readonly MeterListener? listener;
    private readonly TimeSpan cpu = Environment.CpuUsage.TotalTime;
    private readonly long allocated = GC.GetTotalAllocatedBytes();
    private readonly TimeSpan databaseCpu;
    private readonly long logged;
    private long roundTrips;

    private Costs(StorePlace place, long logged)
    {
        this.place = place;
        this.logged = logged;
        if (place.Server is not { } server) return;
        databaseCpu = DatabaseProcesses.CpuOf(server);

        // The driver measures each command or batch, which is a round trip.
        listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listening) =>
            {
                if (instrument is { Meter.Name: "Npgsql", Name: "db.client.operation.duration" }) listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref roundTrips));
        listener.Start();
    }

    public static async Task<Costs> BeginAsync(StorePlace place) => new(place, await BytesWrittenAsync(place));

    /// <summary>Prints what each of so many captures has cost since.</summary>
    public async Task PrintAsync(int captures)
    {
        var (cpuNow, allocatedNow) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
        var trips = Interlocked.Read(ref roundTrips);
        var database = place.Server is { } server ? DatabaseProcesses.CpuOf(server) - databaseCpu : TimeSpan.Zero;
        var written = await BytesWrittenAsync(place) - logged;
        var own = string.Create(
            CultureInfo.InvariantCulture, $"{(cpuNow - cpu).TotalMicroseconds / captures:N0} microseconds of CPU and {(allocatedNow - allocated) / 1024.0 / captures:N1} KiB allocated in the node");
        Console.WriteLine(place.Server is null
            ? string.Create(CultureInfo.InvariantCulture, $"  each: {own}, {written / 1024.0 / captures:N1} KiB written to the disk")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"  each: {own}, {database.TotalMicroseconds / captures:N0} microseconds of CPU in the database, {written / 1024.0 / captures:N1} KiB in its log, {(double)trips / captures:N3} round trips"));
    }

    public void Dispose() => listener?.Dispose();

    // PostgreSQL: what its write-ahead log has grown by. SQLite: what this process has sent to the disk.
    private static async Task<long> BytesWrittenAsync(StorePlace place)
    {
        if (place.Server is { } server) return long.Parse(await server.RunSqlAsync("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')", CancellationToken.None), CultureInfo.InvariantCulture);
        const string Written = "write_bytes: ";
        var line = File.ReadLines("/proc/self/io").First(line => line.StartsWith(Written, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(Written.Length), CultureInfo.InvariantCulture);
    }
}
