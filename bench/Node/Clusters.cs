using System.Globalization;
using PasswordSync.Journal.Bench;

namespace PasswordSync.Node.Bench;

/// <summary>Captures a second of one node and of several.</summary>
internal static class Clusters
{
    /// <summary>Of one processor, for each node. Small enough that four nodes and the database have room on two.</summary>
    private const double Share = 0.2;

    /// <summary>How many windows a cluster may take to get warm: three minutes, which four nodes need for their 40,000 captures each on a slow machine.</summary>
    private const int WarmUpWindowsMax = 60;

    /// <summary>Nodes that share the machine.</summary>
    public static async Task PrintAsync(StorePlace place, int nodes, int warmUp, TimeSpan length, int repeats)
    {
        await using var cluster = await Cluster.StartAsync(place, nodes);
        await WarmUpAsync(cluster, nodes * warmUp, length);
        await PrintAsync($"{nodes} {(nodes == 1 ? "node" : "nodes")} on the whole machine", place, cluster, length, repeats);
    }

    /// <summary>Nodes that are each held to the same share of a processor, once they are warm.</summary>
    public static async Task PrintHeldAsync(StorePlace place, int nodes, int warmUp, TimeSpan length, int repeats)
    {
        if (!CpuShare.IsPossible)
        {
            Console.WriteLine("  not measured: no control group for processor time can be made here (/sys/fs/cgroup/cpu)");
            return;
        }

        await using var cluster = await Cluster.StartAsync(place, nodes);
        await WarmUpAsync(cluster, nodes * warmUp, length);
        var shares = cluster.Processes.Select(process => CpuShare.Hold(process, Share)).ToList();
        try
        {
            await PrintAsync(string.Create(CultureInfo.InvariantCulture, $"{nodes} {(nodes == 1 ? "node" : "nodes")}, each held to {Share * 100:N0} % of a processor"), place, cluster, length, repeats);
        }
        finally
        {
            shares.ForEach(share => share.Dispose());
        }
    }

    // Until the runtime has compiled for good what it runs often, in each of the processes: a node is started once and works for months.
    private static async Task WarmUpAsync(Cluster cluster, int captures, TimeSpan length)
    {
        var done = 0.0;
        for (var windows = 0; windows == 0 || (done < captures && windows < WarmUpWindowsMax); windows++) done += await cluster.RunAsync(length) * length.TotalSeconds;
    }

    private static async Task PrintAsync(string what, StorePlace place, Cluster cluster, TimeSpan length, int repeats)
    {
        var (rates, nodes, database) = (new List<double>(), new List<double>(), new List<double>());
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            var before = (Nodes: CpuOf(cluster), Database: DatabaseProcesses.CpuOf(place.Server!));
            var rate = await cluster.RunAsync(length);
            rates.Add(rate);
            nodes.Add((CpuOf(cluster) - before.Nodes).TotalMicroseconds / (rate * length.TotalSeconds));
            database.Add((DatabaseProcesses.CpuOf(place.Server!) - before.Database).TotalMicroseconds / (rate * length.TotalSeconds));
        }

        Console.WriteLine($"  {what}: {Spread(rates)} captures/s; each {Spread(nodes)} microseconds of CPU in the nodes, {Spread(database)} in the database");
    }

    private static TimeSpan CpuOf(Cluster cluster) => cluster.Processes.Aggregate(TimeSpan.Zero, (sum, process) =>
    {
        process.Refresh();
        return sum + process.TotalProcessorTime;
    });

    /// <summary>The median, then the smallest and the greatest.</summary>
    public static string Spread(List<double> values)
    {
        values.Sort();
        return string.Create(CultureInfo.InvariantCulture, $"{values[values.Count / 2]:N0} ({values[0]:N0} to {values[^1]:N0})");
    }
}
