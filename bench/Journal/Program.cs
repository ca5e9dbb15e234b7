using System.Globalization;
using PasswordSync.Journal.Bench;
using PasswordSync.Lab;

// Usage: dotnet run -c Release --project bench/Journal [STORE] [SECONDS] [REPEATS] [WORD]
// STORE is sqlite or postgres, which starts a server of its own and needs root. Prints what the machine and the database themselves give, and what the store makes of it, as
// medians of the repeats; with a word, only the lines that have it. Each line has one repeat more at first, to warm up; those of nodes in processes of their own, which are cold, have more.
if (args is ["--node", var connection, var schema, var name, var outstanding])
{
    await CommandNode.RunAsync(connection, schema, name, int.Parse(outstanding, CultureInfo.InvariantCulture));
    return;
}

const int NodeWarmUps = 10;
var isPostgres = args.Length > 0 && args[0] == "postgres";
var seconds = args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 2;
var repeats = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 5;
var word = args.Length > 3 ? args[3] : "";
var length = TimeSpan.FromSeconds(seconds);

Measurement[] limits = isPostgres
    ?
    [
        new("PostgreSQL alone: commits of one row", (run, span) => ServerLimits.CommitsAsync(run, span, rows: 1)),
        new("PostgreSQL alone: rows, 100 in a commit", (run, span) => ServerLimits.CommitsAsync(run, span, rows: 100)),
    ]
    :
    [
        new("SQLite alone: commits of one row", (run, span) => RawLimits.CommitsAsync(run.Folder, span, rows: 1)),
        new("SQLite alone: rows, 100 in a commit", (run, span) => RawLimits.CommitsAsync(run.Folder, span, rows: 100)),
    ];
Measurement[] measurements =
[
    new("disk: writes of 4 KiB, each flushed", (run, span) => RawLimits.FlushesAsync(run.Folder, span)),
    .. limits,
    new("accept: captures, one caller, one at a time", (run, span) => StoreLoad.AcceptAsync(run, span, callers: 1, batch: 1)),
    new("accept: captures, 64 callers, one at a time", (run, span) => StoreLoad.AcceptAsync(run, span, callers: 64, batch: 1)),
    new("accept: captures, 4 callers, batches of 100", (run, span) => StoreLoad.AcceptAsync(run, span, callers: 4, batch: 100)),
    new("append: commands of 2 events, 64 at a time", CommandLoad.RateAsync),
    new("append: first decisions, one caller", (run, span) => StoreLoad.AppendAsync(run, span, callers: 1)),
    new("append: first decisions, 64 callers", (run, span) => StoreLoad.AppendAsync(run, span, callers: 64)),
    new("append: first decisions, 512 callers", (run, span) => StoreLoad.AppendAsync(run, span, callers: 512)),
    new("inbox: reads of one row behind 4,000 in hand", StoreLoad.ReadBehindAsync),
    new("captures accepted, read, decided and appended", WholeWay.CapturesAsync),
];

await using var server = isPostgres ? await PostgresServer.StartAsync([], CancellationToken.None) : null;
Console.WriteLine($"{Environment.ProcessorCount} processors, {(isPostgres ? "PostgreSQL" : "SQLite")}, {repeats} x {seconds.ToString(CultureInfo.InvariantCulture)} s, medians");
foreach (var measurement in measurements.Where(measurement => measurement.Name.Contains(word, StringComparison.Ordinal)))
{
    await PrintAsync(measurement.Name, warmUps: 1, "this process", () => Environment.CpuUsage.TotalTime, async () =>
    {
        using var place = new StorePlace(Path.GetTempPath(), server);
        return await measurement.RateAsync(place, length);
    });
}

(string Name, int Count)[] clusters = isPostgres ? [("nodes: commands of 2 events, 64 over 1 process", 1), ("nodes: commands of 2 events, 64 over 3 processes", 3)] : [];
foreach (var (what, count) in clusters.Where(cluster => cluster.Name.Contains(word, StringComparison.Ordinal)))
{
    using var place = new StorePlace(Path.GetTempPath(), server);
    await using var cluster = await CommandCluster.StartAsync(place, count);
    await PrintAsync(what, NodeWarmUps, count == 1 ? "the node" : "the nodes", () => cluster.Cpu, () => cluster.RateAsync(length));
}

async Task PrintAsync(string what, int warmUps, string where, Func<TimeSpan> cpu, Func<Task<double>> rateAsync)
{
    var (rates, costs) = (new List<double>(), new List<double>());
    for (var repeat = 0; repeat < warmUps + repeats; repeat++)
    {
        var before = cpu();
        var rate = await rateAsync();
        if (repeat < warmUps) continue;
        rates.Add(rate);
        costs.Add((cpu() - before).TotalMicroseconds / (rate * seconds));
    }

    rates.Sort();
    costs.Sort();
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what,-48} {rates[rates.Count / 2],9:N0}/s   ({rates[0]:N0} to {rates[^1]:N0}), {costs[costs.Count / 2]:N0} microseconds of CPU each in {where}"));
}

/// <summary>Something that is done as often as possible for a while; how often in a second.</summary>
internal sealed record Measurement(string Name, Func<StorePlace, TimeSpan, Task<double>> RateAsync);
