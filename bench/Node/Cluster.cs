using System.Diagnostics;
using System.Globalization;
using PasswordSync.Journal.Bench;
using PasswordSync.Lab;

namespace PasswordSync.Node.Bench;

/// <summary>Nodes in processes of their own over one PostgreSQL database, each of which takes captures in. Never more than a bound are ahead of what is delivered.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private const int AheadMax = 3_000;
    private const int TargetsEach = 2;
    private const int Shards = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<Member> members = [];
    private readonly SemaphoreSlim ahead = new(AheadMax * TargetsEach);
    private int turn;

    /// <summary>Starts so many nodes, and waits until each owns its part of the shards.</summary>
    public static async Task<Cluster> StartAsync(StorePlace place, int nodes)
    {
        var cluster = new Cluster();
        try
        {
            for (var number = 1; number <= nodes; number++) cluster.members.Add(Member.Start(place, $"bench-{number}", count => cluster.ahead.Release(count)));
            var part = Shards / nodes;
            await Eventually.HoldsAsync(
                "an equal share of the shards", Patience, _ => Task.FromResult(cluster.Living().Sum(member => member.Shards) == Shards && cluster.members.All(member => member.Shards >= part)), CancellationToken.None);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The processes.</summary>
    public IEnumerable<Process> Processes => members.Select(member => member.Process);

    /// <summary>As many captures as the nodes take for a while; captures in a second that were delivered, of which half a capture is one at one of its two targets.</summary>
    public async Task<double> RunAsync(TimeSpan length)
    {
        var (before, began) = (Delivered(), Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(began) < length)
        {
            // Both waits end: nodes that stand still would stop this for ever, those that are slow only for longer.
            for (var taken = 0; taken < ClusterNode.Batch * TargetsEach; taken++)
            {
                if (!await ahead.WaitAsync(Patience)) throw new InvalidOperationException("The nodes deliver nothing any more.");
            }

            await members[turn++ % members.Count].Process.StandardInput.WriteLineAsync();
        }

        return (double)(Delivered() - before) / TargetsEach / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in members) await member.DisposeAsync();
        ahead.Dispose();
    }

    private long Delivered() => Living().Sum(member => member.Delivered);

    private List<Member> Living() => members.Find(member => member.Process.HasExited) is { } ended ? throw new InvalidOperationException($"A node ended with {ended.Process.ExitCode}.") : members;

    private sealed class Member : IAsyncDisposable
    {
        private readonly Action<int> release;
        private long delivered;

        private Member(Process process, Action<int> release) => (Process, this.release) = (process, release);

        public Process Process { get; }

        public int Shards { get; private set; }

        public long Delivered => Interlocked.Read(ref delivered);

        public static Member Start(StorePlace place, string name, Action<int> release)
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!, ["--node", place.Server!.ConnectionStringWithoutPassword, place.Schema, name]) { RedirectStandardInput = true, RedirectStandardOutput = true };
            var member = new Member(Process.Start(start)!, release);
            member.Process.StandardInput.AutoFlush = true;
            member.Process.OutputDataReceived += (_, line) => member.Hear(line.Data);
            member.Process.BeginOutputReadLine();
            return member;
        }

        public async ValueTask DisposeAsync()
        {
            Process.Kill();
            await Process.WaitForExitAsync(CancellationToken.None);
            Process.Dispose();
        }

        private void Hear(string? line)
        {
            if (line?.Split(' ') is not [var shards, var total]) return;
            Shards = int.Parse(shards, CultureInfo.InvariantCulture);
            var now = long.Parse(total, CultureInfo.InvariantCulture);
            if (now - Interlocked.Exchange(ref delivered, now) is > 0 and var more) release((int)more);
        }
    }
}
