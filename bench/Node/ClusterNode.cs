using System.Globalization;
using PasswordSync.Journal.Bench;
using PasswordSync.Sealing.KeyRings;

namespace PasswordSync.Node.Bench;

/// <summary>One of several nodes, in a process of its own. It takes a batch of captures in for each line on its standard input, and tells on its output how many shards it owns and how many deliveries it has made.</summary>
internal static class ClusterNode
{
    /// <summary>How many captures are in a batch.</summary>
    public const int Batch = 100;

    /// <summary>How many people it brings changes of, one after the other: so many that at the rates of several nodes each has come to rest before the next change; of one fast node alone they are in memory still.</summary>
    private const int People = 40_000;

    private static readonly TimeSpan TellInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs until the standard input ends.</summary>
    public static async Task RunAsync(string connectionString, string schema, string name)
    {
        using var ring = KeyRing.Begin(Samples.Cluster, DateTimeOffset.UtcNow);
        var delivered = 0L;
        await using var node = BenchNode.Join(await StorePlace.OpenSharedAsync(connectionString, schema, name), name, ring);
        node.OnDelivered = (_, _) => Interlocked.Increment(ref delivered);
        using var ending = new CancellationTokenSource();
        var telling = TellAsync(() => (node.Shards, Interlocked.Read(ref delivered)), ending.Token);
        var intake = new List<Task>();
        var people = Enumerable.Range(0, People).Select(_ => Guid.NewGuid()).ToArray();
        var turn = 0;
        while (await Console.In.ReadLineAsync(CancellationToken.None) is not null)
        {
            intake.RemoveAll(accepted => accepted.IsCompletedSuccessfully);
            intake.Add(node.AcceptAsync([.. Enumerable.Range(turn, Batch).Select(number => Samples.Arrive(people[number % People], (uint)(1 + (number / People))))]));
            turn += Batch;
        }

        await Task.WhenAll(intake);
        await ending.CancelAsync();
        await telling;
    }

    private static async Task TellAsync(Func<(int Shards, long Delivered)> look, CancellationToken cancellationToken)
    {
        var told = (Shards: -1, Delivered: -1L);
        while (!cancellationToken.IsCancellationRequested)
        {
            var now = look();
            if (now != told) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{now.Shards} {now.Delivered}"));
            told = now;
            await Task.Delay(TellInterval, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
