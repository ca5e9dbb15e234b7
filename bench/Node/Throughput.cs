using System.Diagnostics;
using System.Globalization;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Bench;
using PasswordSync.Lab;
using PasswordSync.Sealing.KeyRings;

namespace PasswordSync.Node.Bench;

/// <summary>As many captures as the node takes, never more than a bound ahead of what is delivered.</summary>
internal static class Throughput
{
    private const int Batch = 100;
    private const int AheadMax = 3_000;
    private const int TargetsEach = 2;
    private const int WarmUpTimes = 3;

    private static readonly TimeSpan RestPatience = TimeSpan.FromMinutes(1);

    /// <summary>Whose changes are measured.</summary>
    public enum People
    {
        /// <summary>Of whom nothing was heard before.</summary>
        New,

        /// <summary>Who have changed the password before and have come to rest since: nobody has them in memory.</summary>
        AtRest,

        /// <summary>Who have changed the password some seconds before and are in memory still.</summary>
        InMemory,
    }

    /// <summary>Measures captures of such people.</summary>
    public static async Task PrintAsync(StorePlace place, bool opens, int captures, People of)
    {
        using var ring = KeyRing.Begin(Samples.Cluster, DateTimeOffset.UtcNow);
        var batches = Seal(ring, opens, of != People.New ? Changes(captures) : [.. Enumerable.Range(0, (1 + WarmUpTimes) * captures).Select(_ => (Guid.NewGuid(), 1u))]).Chunk(Batch).ToArray();
        await using var node = await BenchNode.OpenAsync(place, ring, opens);
        using var ahead = new SemaphoreSlim(AheadMax);
        node.OnDelivered = (_, targets) =>
        {
            if (targets == TargetsEach) ahead.Release();
        };

        // Many more before, until the runtime has compiled for good what it runs often: a node is started once and works for months. One part after the other, so that nobody's second
        // change comes while the first is on its way.
        var part = captures / Batch;
        for (var time = 0; time < WarmUpTimes; time++) await RunAsync(node, ahead, batches[(time * part)..((time + 1) * part)]);
        if (of == People.AtRest) await Eventually.HoldsAsync("all to come to rest", RestPatience, _ => Task.FromResult(node.LiveIdentities == 0), CancellationToken.None);
        using var costs = await Costs.BeginAsync(place);
        var began = Stopwatch.GetTimestamp();
        await RunAsync(node, ahead, batches[(WarmUpTimes * part)..]);
        var elapsed = Stopwatch.GetElapsedTime(began);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {captures:N0} captures from intake to both targets: {captures / elapsed.TotalSeconds:N0}/s"));
        await costs.PrintAsync(captures);
    }

    /// <summary>Accepts all, and waits until all are delivered.</summary>
    private static async Task RunAsync(BenchNode node, SemaphoreSlim ahead, IEnumerable<Arrival[]> batches)
    {
        foreach (var batch in batches)
        {
            for (var taken = 0; taken < batch.Length; taken++) await ahead.WaitAsync();
            await node.AcceptAsync(batch);
        }

        for (var taken = 0; taken < AheadMax; taken++) await ahead.WaitAsync();
        ahead.Release(AheadMax);
    }

    // The first changes of twice as many people, then the second ones, of which the last are measured.
    private static List<(Guid Person, uint Version)> Changes(int captures)
    {
        var people = Enumerable.Range(0, 2 * captures).Select(_ => Guid.NewGuid()).ToList();
        return [.. people.Select(person => (person, 1u)), .. people.Select(person => (person, 2u))];
    }

    private static Arrival[] Seal(KeyRing ring, bool opens, List<(Guid Person, uint Version)> changes)
    {
        var arrivals = new Arrival[changes.Count];
        Parallel.For(0, changes.Count, index =>
        {
            var (person, version) = changes[index];
            arrivals[index] = opens ? Samples.ArriveSealed(ring, person, version) : Samples.Arrive(person, version);
        });
        return arrivals;
    }
}
