using System.Globalization;
using PasswordSync.Journal.Bench;
using PasswordSync.Sealing.KeyRings;

namespace PasswordSync.Node.Bench;

/// <summary>What identities cost in memory: while they have something to do, and when they are idle again.</summary>
internal static class Memory
{
    private const int Batch = 100;
    private const int TargetsEach = 2;
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    public static async Task PrintAsync(StorePlace place, int identities)
    {
        using var ring = KeyRing.Begin(Samples.Cluster, DateTimeOffset.UtcNow);
        var (decided, delivered) = (0, 0);
        var now = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await BenchNode.OpenHeldAsync(place, ring, now.Task);
        node.OnDecided = _ => Interlocked.Increment(ref decided);
        node.OnDelivered = (_, targets) => Interlocked.Add(ref delivered, targets == TargetsEach ? 1 : 0);
        var before = HeapBytes();
        for (var accepted = 0; accepted < identities; accepted += Batch) await node.AcceptAsync([.. Enumerable.Range(0, Batch).Select(_ => Samples.Arrive())]);
        while (Volatile.Read(ref decided) < identities) await Task.Delay(LookInterval);
        Print("bytes for each identity with two deliveries that wait", HeapBytes() - before, identities);
        now.SetResult();
        while (Volatile.Read(ref delivered) < identities) await Task.Delay(LookInterval);
        while (node.LiveIdentities > 0) await Task.Delay(LookInterval);
        Print("bytes for each when nobody has anything to do any more", HeapBytes() - before, identities);
        Print("MiB of memory resident in the process then, the bench included", Environment.WorkingSet, 1 << 20);
    }

    // Twice, since what the first collection finalizes goes with the second.
    private static long HeapBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static void Print(string what, long bytes, int by) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-64} {Math.Max(0, bytes) / (double)by,8:N0}"));
}
