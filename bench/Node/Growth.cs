using System.Diagnostics;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Bench;
using PasswordSync.Sealing.KeyRings;

namespace PasswordSync.Node.Bench;

/// <summary>
/// Captures a second while the journal holds ever more people. One of them is brought in by the node; the others are copies of that one's rows with ids of their own, made by the database.
/// </summary>
internal sealed class Growth(StorePlace place, string connectionString)
{
    private const int Batch = 100;
    private const int TargetsEach = 2;
    private const int ShardCount = 256;

    // The two large indexes are made anew after the rows: to keep them up row by row takes many times as long.
    private const string CopyHistory = """
        ALTER TABLE event DROP CONSTRAINT event_pkey;
        DROP INDEX event_by_number;
        INSERT INTO event (identity_id, seq, shard_id, kind, body, at)
          SELECT n.identity_id, e.seq, n.shard_id, e.kind, replace(replace(e.body, m.object_guid::text, n.object_guid::text), left(m.object_guid::text, 8), left(n.object_guid::text, 8)), e.at
          FROM newcomer AS n, model AS m JOIN event AS e USING (identity_id);
        ALTER TABLE event ADD PRIMARY KEY (identity_id, seq);
        CREATE UNIQUE INDEX event_by_number ON event (event_id);
        INSERT INTO account (source, object_guid, identity_id, shard_id) SELECT m.source, n.object_guid, n.identity_id, n.shard_id FROM newcomer AS n, model AS m;
        INSERT INTO known_name (name, identity_id) SELECT replace(k.name, left(m.object_guid::text, 8), left(n.object_guid::text, 8)), n.identity_id FROM newcomer AS n, model AS m JOIN known_name AS k USING (identity_id);
        TRUNCATE newcomer;
        """;

    private readonly List<Guid> known = [];
    private int turn;

    public static async Task PrintAsync(StorePlace place, IEnumerable<int> levels, int captures, int repeats)
    {
        var growth = new Growth(place, $"{place.ConnectionString};Search Path={place.Schema};Command Timeout=0");
        using var ring = KeyRing.Begin(Samples.Cluster, DateTimeOffset.UtcNow);
        await using var node = await BenchNode.OpenAsync(place, ring, opens: false);
        await growth.BringInModelAsync(node);
        await growth.RunAsync(node, captures, known: false);
        foreach (var level in levels)
        {
            await growth.GrowAsync(level);
            await growth.PrintAsync(node, captures, repeats);
        }
    }

    private async Task BringInModelAsync(BenchNode node)
    {
        await RunAsync(node, captures: 1, known: false);
        await using var connection = await OpenAsync();
        await RunAsync(connection, "CREATE TABLE model AS SELECT source, object_guid, identity_id FROM account; CREATE TABLE newcomer (identity_id uuid, object_guid uuid, shard_id integer)");
    }

    private async Task GrowAsync(int level)
    {
        var began = Stopwatch.GetTimestamp();
        await using var connection = await OpenAsync();
        await RunAsync(connection, "SET maintenance_work_mem TO '256MB'");
        await using (var copy = await connection.BeginBinaryImportAsync("COPY newcomer FROM STDIN (FORMAT BINARY)"))
        {
            while (known.Count < level)
            {
                var (identity, account) = (new IdentityId(Guid.NewGuid()), Guid.NewGuid());
                await copy.StartRowAsync();
                await copy.WriteAsync(identity.Value, NpgsqlDbType.Uuid);
                await copy.WriteAsync(account, NpgsqlDbType.Uuid);
                await copy.WriteAsync(identity.Shard(ShardCount), NpgsqlDbType.Integer);
                known.Add(account);
            }

            await copy.CompleteAsync();
        }

        await RunAsync(connection, CopyHistory);
        await RunAsync(connection, "VACUUM (ANALYZE)");
        await RunAsync(connection, "CHECKPOINT");
        await using var counting = new NpgsqlCommand("SELECT count(*) FROM event", connection);
        var events = (long)(await counting.ExecuteScalarAsync())!;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {level:N0} people with {events:N0} events (grown in {Stopwatch.GetElapsedTime(began).TotalSeconds:N0} s)"));
    }

    private async Task PrintAsync(BenchNode node, int captures, int repeats)
    {
        foreach (var isKnown in new[] { true, false })
        {
            var (rates, own, database) = (new List<double>(), new List<double>(), new List<double>());
            for (var repeat = 0; repeat < repeats; repeat++)
            {
                var before = (Own: Environment.CpuUsage.TotalTime, Database: DatabaseProcesses.CpuOf(place.Server!));
                rates.Add(await RunAsync(node, captures, isKnown));
                own.Add((Environment.CpuUsage.TotalTime - before.Own).TotalMicroseconds / captures);
                database.Add((DatabaseProcesses.CpuOf(place.Server!) - before.Database).TotalMicroseconds / captures);
            }

            Console.WriteLine(
                $"    changes of {(isKnown ? "these people" : "new people  ")}: {Clusters.Spread(rates)}/s; each {Clusters.Spread(own)} microseconds of CPU in the node, {Clusters.Spread(database)} in the database");
        }
    }

    /// <summary>Captures delivered in a second. Known people come round only after all of them.</summary>
    private async Task<double> RunAsync(BenchNode node, int captures, bool known)
    {
        var arrivals = Enumerable.Range(0, captures).Select(_ => known ? Next() : Samples.Arrive()).ToList();
        var (remaining, done) = (captures, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        node.OnDelivered = (_, targets) =>
        {
            if (targets == TargetsEach && Interlocked.Decrement(ref remaining) == 0) done.SetResult();
        };
        var began = Stopwatch.GetTimestamp();
        foreach (var batch in arrivals.Chunk(Batch)) await node.AcceptAsync(batch);
        await done.Task;
        return captures / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private Arrival.Confirmed Next()
    {
        var (person, round) = (known[turn % known.Count], turn / known.Count);
        turn++;
        return Samples.Arrive(new CaptureId(Guid.NewGuid()), new byte[1_200], person, (uint)(2 + round));
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        return connection;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
#pragma warning disable CA2100 // Constants.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
