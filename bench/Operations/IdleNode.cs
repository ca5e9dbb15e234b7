using System.Diagnostics;
using System.Globalization;
using PasswordSync.Lab;

namespace PasswordSync.Operations.Bench;

/// <summary>What a sync server takes that has nothing to do: the product's own program, in a process of its own.</summary>
internal static class IdleNode
{
    private static readonly TimeSpan StartBound = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Looking = TimeSpan.FromSeconds(5);

    /// <param name="server">The database.</param>
    /// <param name="settling">How long after the start it is looked: for some time the runtime still compiles what the start used.</param>
    /// <param name="repeats">Of how many nodes the median is told.</param>
    public static async Task PrintAsync(PostgresServer server, TimeSpan settling, int repeats)
    {
        Console.WriteLine($"{Environment.NewLine}idle: a node without anything to do, {settling.TotalSeconds:N0} s after its start");
        var (resident, own, busy) = (new List<double>(), new List<double>(), new List<double>());
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            var folder = Directory.CreateTempSubdirectory("operations-bench-idle-").FullName;
            await OperatedNode.ConfigureAsync(folder, server, $"idle{repeat}", """{ "scopes": [] }""", """{ "points": [] }""");
            using var node = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "PasswordSync.SyncNode"), ["run", "--config", Path.Combine(folder, "node.json")]) { RedirectStandardOutput = true })!;
            try
            {
                node.OutputDataReceived += (_, _) => { };
                node.BeginOutputReadLine();

                // Written when the listener for operators is up, which is the last of the start.
                var token = Path.Combine(folder, "data", "first-administrator.token");
                await Eventually.HoldsAsync("the start of a node", StartBound, _ => Task.FromResult(File.Exists(token)), CancellationToken.None);
                await Task.Delay(settling);
                node.Refresh();
                var before = node.TotalProcessorTime;
                await Task.Delay(Looking);
                node.Refresh();
                busy.Add((node.TotalProcessorTime - before) / Looking * 100);
                resident.Add(Read(node, "VmRSS:"));
                own.Add(Read(node, "RssAnon:"));
            }
            finally
            {
                node.Kill();
                await node.WaitForExitAsync();
                Directory.Delete(folder, recursive: true);
            }
        }

        Report.Amount("memory resident", resident, "MiB", "below 150 MiB");
        Report.Amount("of it the process's own, not pages of files", own, "MiB");
        Report.Amount("processor time", busy, "% of one processor");
    }

    // proc(5): "VmRSS:    123456 kB". A process that has ended has no such line.
    private static double Read(Process process, string name) =>
        double.Parse(File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
}
