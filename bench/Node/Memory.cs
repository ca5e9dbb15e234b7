using PasswordSync.Journal.Bench;
using PasswordSync.Sealing.KeyRings;

namespace PasswordSync.Node.Bench;

/// <summary>What identities cost in memory: while they have something to do, and when they are idle again.</summary>
internal sealed class Memory(BenchNode node, int identities)
{
    private const int Batch = 100;
    private const int TargetsEach = 2;
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    private TaskCompletionSource open = new();
    private int decided;
    private int delivered;

    public static async Task PrintAsync(StorePlace place, int identities, int repeats)
    {
        using var ring = KeyRing.Begin(Samples.Cluster, DateTimeOffset.UtcNow);
        Memory? memory = null;
        await using var node = await BenchNode.OpenHeldAsync(place, ring, () => memory!.open.Task);
        memory = new Memory(node, identities);
        node.OnDecided = _ => Interlocked.Increment(ref memory.decided);
        node.OnDelivered = (_, targets) => Interlocked.Add(ref memory.delivered, targets == TargetsEach ? 1 : 0);
        await memory.PrintAsync(repeats);
    }

    private async Task PrintAsync(int repeats)
    {
        // The first round makes what stays: code, connections, statements, buffers.
        await RunAsync();
        var (busy, idle) = (new List<double>(), new List<double>());
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            var (during, after) = await RunAsync();
            busy.Add(during);
            idle.Add(after);
        }

        Console.WriteLine($"  bytes for each identity with two deliveries that wait: {Clusters.Spread(busy)}");
        Console.WriteLine($"  bytes for each when nobody has anything to do any more: {Clusters.Spread(idle)}");
    }

    /// <summary>Bytes for each identity, while its deliveries wait and when it is idle again.</summary>
    private async Task<(double Busy, double Idle)> RunAsync()
    {
        (decided, delivered, open) = (0, 0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var before = HeapBytes();
        for (var accepted = 0; accepted < identities; accepted += Batch) await node.AcceptAsync([.. Enumerable.Range(0, Batch).Select(_ => Samples.Arrive())]);
        while (Volatile.Read(ref decided) < identities) await Task.Delay(LookInterval);
        var busy = HeapBytes() - before;
        open.SetResult();
        while (Volatile.Read(ref delivered) < identities) await Task.Delay(LookInterval);
        while (node.LiveIdentities > 0) await Task.Delay(LookInterval);
        return ((double)busy / identities, (double)(HeapBytes() - before) / identities);
    }

    // Twice, since what the first collection finalizes goes with the second.
    private static long HeapBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
