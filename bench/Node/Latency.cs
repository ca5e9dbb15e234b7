using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Bench;
using PasswordSync.Sealing.KeyRings;

namespace PasswordSync.Node.Bench;

/// <summary>
/// Captures at a steady rate, whatever the node does with them; times count from when each was due to arrive, so that a node that falls behind shows it.
/// </summary>
internal static class Latency
{
    private const int WarmUpAtOnce = 200;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);
    private static readonly string[] Stages = ["accepted", "decided", "at the first target", "at both targets"];

    public static async Task PrintAsync(StorePlace place, int perSecond, TimeSpan length, int warmUp)
    {
        using var ring = KeyRing.Begin(Samples.Cluster, DateTimeOffset.UtcNow);
        await using var node = await BenchNode.OpenAsync(place, ring, opens: true);
        var run = new Run(node, ring);

        // First until the runtime has compiled what it runs often, as fast as it goes; then at the rate, so that what is measured begins in the middle of it.
        await run.WarmUpAsync(warmUp);
        await run.ArriveAsync(perSecond, length < WarmUp ? length : WarmUp);
        run.Forget();
        var (cpu, began) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        await run.ArriveAsync(perSecond, length);
        var busy = (Environment.CpuUsage.TotalTime - cpu) / Stopwatch.GetElapsedTime(began) * 100;
        foreach (var (stage, times) in Stages.Zip(run.Times)) Print(stage, [.. times.Order()]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {busy:N0} % of one processor"));
    }

    private static void Print(string stage, TimeSpan[] times) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"  {stage,-20} median {times[times.Length / 2].TotalMilliseconds,7:N1} ms, 99th percentile {times[times.Length * 99 / 100].TotalMilliseconds,7:N1} ms, longest {times[^1].TotalMilliseconds,7:N1} ms, of {times.Length:N0}"));

    private sealed class Run
    {
        private readonly BenchNode node;
        private readonly KeyRing ring;
        private readonly ConcurrentDictionary<CaptureId, (long DueAt, TaskCompletionSource Done)> underWay = new();

        public Run(BenchNode node, KeyRing ring)
        {
            this.node = node;
            this.ring = ring;
            node.OnDecided = captureId => Note(captureId, stage: 1);
            node.OnDelivered = (captureId, targets) => Note(captureId, stage: 1 + targets);
        }

        public ConcurrentQueue<TimeSpan>[] Times { get; } = [.. Stages.Select(_ => new ConcurrentQueue<TimeSpan>())];

        public void Forget() => Array.ForEach(Times, times => times.Clear());

        public async Task WarmUpAsync(int captures)
        {
            foreach (var some in Enumerable.Range(0, captures).Chunk(WarmUpAtOnce))
            {
                var arrivals = some.AsParallel().Select(_ => Samples.ArriveSealed(ring)).ToArray();
                await Task.WhenAll(arrivals.Select(arrival => ArriveAsync(arrival, Stopwatch.GetTimestamp())));
            }
        }

        public async Task ArriveAsync(int perSecond, TimeSpan length)
        {
            // Sealed ahead: that is the domain controllers' work.
            var captures = (int)(perSecond * length.TotalSeconds);
            var sealedAhead = new Arrival.Confirmed[captures];
            Parallel.For(0, captures, index => sealedAhead[index] = Samples.ArriveSealed(ring));
            var began = Stopwatch.GetTimestamp();
            var all = new Task[captures];
            for (var index = 0; index < captures; index++)
            {
                var due = TimeSpan.FromSeconds((double)index / perSecond);
                while (due - Stopwatch.GetElapsedTime(began) is var wait && wait > TimeSpan.Zero) await Task.Delay(wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1));
                all[index] = ArriveAsync(sealedAhead[index], began + (long)(due.TotalSeconds * Stopwatch.Frequency));
            }

            await Task.WhenAll(all);
        }

        private async Task ArriveAsync(Arrival.Confirmed arrival, long dueAt)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            underWay[arrival.Change.CaptureId] = (dueAt, done);
            await node.AcceptAsync(arrival);
            Times[0].Enqueue(Stopwatch.GetElapsedTime(dueAt));
            await done.Task;
        }

        private void Note(CaptureId captureId, int stage)
        {
            var (dueAt, done) = underWay[captureId];
            Times[stage].Enqueue(Stopwatch.GetElapsedTime(dueAt));
            if (stage != Stages.Length - 1) return;
            underWay.TryRemove(captureId, out _);
            done.SetResult();
        }
    }
}
