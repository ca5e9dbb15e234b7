using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Journal.Postgres;
using PasswordSync.Lab;
using PasswordSync.Operations.Bench;

// Usage: dotnet run -c Release --project bench/Operations [-- [--quick] [PART]]; PART is idle, limits, questions, export or intake: only that.
// Needs root: it starts a PostgreSQL server of its own. Fills the journal with the work of weeks (100,000 people and about a million events; --quick a twentieth), then prints how long the
// operators' questions take, how fast the password log is exported, and what both cost the intake, beside what the machine gives in the same run.
var quick = args.Contains("--quick");
var part = args.FirstOrDefault(arg => !arg.StartsWith("--", StringComparison.Ordinal)) ?? "";
var people = quick ? 5_000 : 100_000;
var (times, repeats, rounds, window, ready) = quick ? (5, 1, 2, TimeSpan.FromSeconds(1), 3_000) : (50, 5, 24, TimeSpan.FromSeconds(2), 15_000);
var folder = Directory.CreateTempSubdirectory("operations-bench-").FullName;
try
{
    await using var server = await PostgresServer.StartAsync(["shared_buffers = 512MB", "max_wal_size = 4GB"], CancellationToken.None);
    if (IsWanted("idle")) await IdleNode.PrintAsync(server, TimeSpan.FromSeconds(quick ? 5 : 30), repeats);
    if (part == "idle") return;
    await OperatedNode.ConfigureAsync(folder, server);
    using var load = new EdgeLoad();

    // Once to make its keys: what is held is sealed to them.
    await using (var first = await OperatedNode.StartAsync(folder, load.Observe))
    {
        using var edge = await first.ConnectEdgeAsync();
        await load.ConnectAsync(edge);
    }

    var began = Stopwatch.GetTimestamp();
    var options = new PostgresStoreOptions
    {
        ConnectionString = server.ConnectionStringWithoutPassword,
        Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword),
        NodeName = "bench",
        Expiry = PostgresStoreOptions.ExpiryMax,
    };
    History history;
    await using (var store = await PostgresStore.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None))
    {
        history = new History(store, load.Seal);
        await history.WriteAsync(people);
    }

    // As autovacuum leaves it, which is not waited for.
    await server.RunSqlAsync("VACUUM (ANALYZE)", CancellationToken.None);
    await server.RunSqlAsync("CHECKPOINT", CancellationToken.None);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{Environment.ProcessorCount} processors, PostgreSQL, {people:N0} people, {history.Events:N0} events, {history.Parked.Count:N0} parked; written in {Stopwatch.GetElapsedTime(began).TotalSeconds:N0} s"));

    if (IsWanted("limits")) await Limits.PrintAsync(server, times, repeats);
    await using var node = await OperatedNode.StartAsync(folder, load.Observe);
    using var captured = await node.ConnectEdgeAsync();
    await load.ConnectAsync(captured);
    using var asking = new Operator(node.ConnectOperator());
    var questions = new Questions(asking, people, history.Parked);
    if (IsWanted("questions")) await questions.PrintAsync("after two quiet days", times);
    if (IsWanted("export")) await Exports.PrintAsync(asking, history.Events, repeats);
    if (IsWanted("intake")) await new Intake(load, asking, questions).PrintAsync(rounds, window, ready, people);
    if (IsWanted("questions") && IsWanted("intake")) await questions.PrintAsync("after much work", times);
}
finally
{
    Directory.Delete(folder, recursive: true);
}

bool IsWanted(string name) => part.Length == 0 || part == name;
