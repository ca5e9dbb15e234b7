using PasswordSync.Journal.Bench;
using PasswordSync.Lab;
using PasswordSync.Node.Bench;

// Usage: dotnet run -c Release --project bench/Node [-- [--quick] [--postgres] [--folder FOLDER] [WORD...]]
// --postgres starts a server of its own, and needs root; else the store is SQLite.
// Prints how many captures a second nodes bring from their intake to two instant targets, how long that takes at a steady rate, and what each costs, beside what the machine gives in the same
// run. With words only the measurements whose name begins with one of them.
if (args is ["--node", var connection, var schema, var name])
{
    await ClusterNode.RunAsync(connection, schema, name);
    return;
}

var quick = args.Contains("--quick");
var folderAt = Array.IndexOf(args, "--folder");
var folder = folderAt >= 0 ? args[folderAt + 1] : Path.GetTempPath();
var words = args.Where((arg, index) => !arg.StartsWith("--", StringComparison.Ordinal) && (folderAt < 0 || index != folderAt + 1)).ToList();
var length = TimeSpan.FromSeconds(quick ? 0.3 : 1);
var atRate = TimeSpan.FromSeconds(quick ? 1 : 6);
var (repeats, window) = quick ? (1, TimeSpan.FromSeconds(1)) : (5, TimeSpan.FromSeconds(3));
var (warmUp, latencyWarmUp) = quick ? (0, 500) : (40_000, 6_000);

// Room for the database to work in, as an administrator gives it.
var isPostgres = args.Contains("--postgres");
await using var server = isPostgres ? await PostgresServer.StartAsync(["shared_buffers = 512MB", "max_wal_size = 4GB"], CancellationToken.None) : null;
Console.WriteLine($"{Environment.ProcessorCount} processors, {(isPostgres ? "PostgreSQL" : "SQLite")}, folder {folder}");
(string Name, Func<StorePlace, Task> MeasureAsync)[] onOne =
[
    ("limits: the machine alone", run => MachineLimits.PrintAsync(run, length, isPostgres)),
    ("throughput: of people in memory, secrets stay sealed", run => Throughput.PrintAsync(run, opens: false, captures: quick ? 3_000 : 20_000, Throughput.People.InMemory)),
    ("throughput: of people at rest, secrets stay sealed", run => Throughput.PrintAsync(run, opens: false, captures: quick ? 3_000 : 20_000, Throughput.People.AtRest)),
    ("throughput: of people never heard of, secrets stay sealed", run => Throughput.PrintAsync(run, opens: false, captures: quick ? 3_000 : 20_000, Throughput.People.New)),
    ("throughput: of people in memory, each secret is opened", run => Throughput.PrintAsync(run, opens: true, captures: quick ? 1_000 : 8_000, Throughput.People.InMemory)),
    ("latency: 50 captures a second", run => Latency.PrintAsync(run, perSecond: 50, atRate, latencyWarmUp)),
    ("latency: 200 captures a second", run => Latency.PrintAsync(run, perSecond: 200, atRate, latencyWarmUp)),
    ("latency: 1,000 captures a second", run => Latency.PrintAsync(run, perSecond: 1_000, atRate, latencyWarmUp)),
    ("memory: people with something to do and without", run => Memory.PrintAsync(run, identities: quick ? 1_000 : 5_000, repeats)),
];
(string Name, Func<StorePlace, Task> MeasureAsync)[] onSeveral =
[
    ("nodes: one on the whole machine", run => Clusters.PrintAsync(run, nodes: 1, warmUp, window, repeats)),
    ("nodes: three on the whole machine", run => Clusters.PrintAsync(run, nodes: 3, warmUp, window, repeats)),
    ("shares: one node", run => Clusters.PrintHeldAsync(run, nodes: 1, warmUp, window, repeats)),
    ("shares: two nodes", run => Clusters.PrintHeldAsync(run, nodes: 2, warmUp, window, repeats)),
    ("shares: four nodes", run => Clusters.PrintHeldAsync(run, nodes: 4, warmUp, window, repeats)),
    ("growth: ever more people in the journal", run => Growth.PrintAsync(run, quick ? [1_000, 10_000] : [10_000, 100_000, 1_000_000], captures: quick ? 500 : 3_000, repeats)),
];
foreach (var (measurement, measureAsync) in onOne.Concat(isPostgres ? onSeveral : []).Where(entry => words.Count == 0 || words.Any(word => entry.Name.StartsWith(word, StringComparison.Ordinal))))
{
    using var place = new StorePlace(folder, server);
    Console.WriteLine($"{Environment.NewLine}{measurement}");
    await measureAsync(place);
}
