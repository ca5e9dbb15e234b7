using PasswordSync.Journal.Bench;
using PasswordSync.Lab;
using PasswordSync.Node.Bench;

// Usage: dotnet run -c Release --project bench/Node [-- [--quick] [--postgres] [--folder FOLDER] [WORD]]
// --postgres starts a server of its own, and needs root; else the store is SQLite.
// Prints how many captures a second a node brings from its intake to two instant targets, how long that takes at a steady rate, and what each costs,
// beside what the machine gives in the same run. With a word only the lines that have it.
var quick = args.Contains("--quick");
var folderAt = Array.IndexOf(args, "--folder");
var folder = folderAt >= 0 ? args[folderAt + 1] : Path.GetTempPath();
var word = args.Where((arg, index) => !arg.StartsWith("--", StringComparison.Ordinal) && (folderAt < 0 || index != folderAt + 1)).FirstOrDefault() ?? "";
var length = TimeSpan.FromSeconds(quick ? 0.3 : 3);
var atRate = TimeSpan.FromSeconds(quick ? 2 : 20);

var isPostgres = args.Contains("--postgres");
await using var server = isPostgres ? await PostgresServer.StartAsync([], CancellationToken.None) : null;
Console.WriteLine($"{Environment.ProcessorCount} processors, {(isPostgres ? "PostgreSQL" : "SQLite")}, folder {folder}");
(string Name, Func<StorePlace, Task> MeasureAsync)[] measurements =
[
    ("limits: the machine alone", run => MachineLimits.PrintAsync(run, length, isPostgres)),
    ("throughput: secrets stay sealed", run => Throughput.PrintAsync(run, opens: false, captures: quick ? 4_000 : 50_000)),
    ("throughput: each secret is opened", run => Throughput.PrintAsync(run, opens: true, captures: quick ? 1_500 : 15_000)),
    ("latency: 50 captures a second", run => Latency.PrintAsync(run, perSecond: 50, atRate)),
    ("latency: 200 captures a second", run => Latency.PrintAsync(run, perSecond: 200, atRate)),
    ("latency: 1,000 captures a second", run => Latency.PrintAsync(run, perSecond: 1_000, atRate)),
];
foreach (var (name, measureAsync) in measurements.Where(entry => entry.Name.Contains(word, StringComparison.Ordinal)))
{
    using var place = new StorePlace(folder, server);
    Console.WriteLine($"{Environment.NewLine}{name}");
    await measureAsync(place);
}
