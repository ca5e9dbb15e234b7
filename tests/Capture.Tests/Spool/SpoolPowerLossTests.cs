using System.Collections.Concurrent;
using PasswordSync.Capture.Spool;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Spool;

/// <summary>I1 for the spool: whatever happens to the power and the disk, what was acknowledged is held until it is settled, and stays settled.</summary>
public sealed class SpoolPowerLossTests
{
    private static readonly SpoolOptions Small = new() { SegmentBytes = 64 << 10, BytesMax = 512 << 10 };

    [Fact]
    public async Task I1_Nothing_acknowledged_is_lost_when_the_power_fails_at_any_moment()
    {
        for (var seed = 1; seed <= 50; seed++) await RunAsync(seed);
    }

    private static async Task RunAsync(int seed)
    {
        var random = new Random(seed);
        var files = new MemorySpoolFiles();
        var acknowledged = new ConcurrentDictionary<int, bool>();
        var settled = new ConcurrentDictionary<int, bool>();
        var settling = new ConcurrentDictionary<int, bool>();
        var number = 0;
        for (var life = 0; life < 4; life++)
        {
            // What the last flush before the power fails was for may be told after it: that life ends before the next begins.
            await using (var spool = new RunningSpool(files, Small))
            {
                Check(spool, seed, acknowledged, settled, settling);
                var diskOperationsLeft = random.Next(1, 120);
                files.BeforeDisk = _ =>
                {
                    if (Interlocked.Decrement(ref diskOperationsLeft) < 0) throw new IOException("The power is off.");
                };
                while (Volatile.Read(ref diskOperationsLeft) > 0)
                {
                    var appends = Enumerable.Range(0, random.Next(1, 8)).Select(_ => ++number).ToList();
                    await Task.WhenAll(appends.Select(async n =>
                    {
                        if (await spool.AppendAsync(n, 600) == SpoolAppend.Flushed) acknowledged[n] = true;
                    }));
                    foreach (var n in acknowledged.Keys.Where(n => !settling.ContainsKey(n) && random.Next(3) > 0).ToList())
                    {
                        settling[n] = true;
                        _ = spool.SettleAsync(n).ContinueWith(
                            ended => { if (ended.IsCompletedSuccessfully) settled[n] = true; }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                    }
                }
            }

            files = files.AfterPowerLoss(random);
        }

        await using var last = new RunningSpool(files, Small);
        Check(last, seed, acknowledged, settled, settling);
    }

    private static void Check(
        RunningSpool spool, int seed, ConcurrentDictionary<int, bool> acknowledged, ConcurrentDictionary<int, bool> settled, ConcurrentDictionary<int, bool> settling)
    {
        var held = spool.Held.ToHashSet();
        acknowledged.Keys.Where(n => !settling.ContainsKey(n) && !held.Contains(n)).ShouldBeEmpty($"lost, seed {seed}");
        settled.Keys.Where(held.Contains).ShouldBeEmpty($"came back, seed {seed}");
        foreach (var n in held) spool.Spool.Read(RunningSpool.Id(n)).ShouldBe(RunningSpool.Envelope(n, 600), $"seed {seed}");
        foreach (var n in settling.Keys.Where(held.Contains)) settling.TryRemove(n, out _);
    }
}
