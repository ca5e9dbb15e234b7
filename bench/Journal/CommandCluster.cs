using System.Diagnostics;
using System.Globalization;
using PasswordSync.Lab;

namespace PasswordSync.Journal.Bench;

/// <summary>Nodes in processes of their own over one PostgreSQL database, which share the shards and the outstanding commands of <see cref="CommandLoad"/>.</summary>
internal sealed class CommandCluster : IAsyncDisposable
{
    private const int Shards = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<Process> nodes = [];

    /// <summary>The processor time that the nodes have taken.</summary>
    public TimeSpan Cpu => nodes.Aggregate(TimeSpan.Zero, (sum, node) =>
    {
        node.Refresh();
        return sum + node.TotalProcessorTime;
    });

    /// <summary>Starts so many nodes, and waits until each owns its part of the shards.</summary>
    public static async Task<CommandCluster> StartAsync(StorePlace place, int nodes)
    {
        var cluster = new CommandCluster();
        try
        {
            for (var number = 0; number < nodes; number++)
            {
                var outstanding = (CommandLoad.Outstanding + nodes - 1 - number) / nodes;
                cluster.nodes.Add(Start(place, $"bench-{number + 1}", outstanding));
            }

            await Eventually.HoldsAsync("an equal share of the shards", Patience, async _ => IsShared(await cluster.AskAsync(TimeSpan.Zero)), CancellationToken.None);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Commands in a second, of all nodes, until the last of them has ended.</summary>
    public async Task<double> RateAsync(TimeSpan length)
    {
        var began = Stopwatch.GetTimestamp();
        var answers = await AskAsync(length);
        var elapsed = Stopwatch.GetElapsedTime(began);
        return IsShared(answers) ? answers.Sum(answer => answer.Done) / elapsed.TotalSeconds : throw new InvalidOperationException("Shards have moved between the nodes.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            node.Kill();
            await node.WaitForExitAsync(CancellationToken.None);
            node.Dispose();
        }
    }

    private static Process Start(StorePlace place, string name, int outstanding) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath!, ["--node", place.Server!.ConnectionStringWithoutPassword, place.Schema, name, outstanding.ToString(CultureInfo.InvariantCulture)])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    private static bool IsShared((int Shards, long Done)[] answers) => answers.Sum(answer => answer.Shards) == Shards && answers.All(answer => answer.Shards >= Shards / answers.Length);

    private async Task<(int Shards, long Done)[]> AskAsync(TimeSpan length)
    {
        foreach (var node in nodes)
        {
            await node.StandardInput.WriteLineAsync(length.TotalSeconds.ToString(CultureInfo.InvariantCulture));
            await node.StandardInput.FlushAsync(CancellationToken.None);
        }

        return await Task.WhenAll(nodes.Select(HearAsync));
    }

    private static async Task<(int Shards, long Done)> HearAsync(Process node)
    {
        var answer = (await node.StandardOutput.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(Patience))?.Split(' ') ?? throw new InvalidOperationException("A node has ended.");
        return (int.Parse(answer[0], CultureInfo.InvariantCulture), long.Parse(answer[1], CultureInfo.InvariantCulture));
    }
}
