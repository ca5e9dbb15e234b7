using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using PasswordSync.Lab;
using Shouldly;

namespace PasswordSync.Chaos.Cluster;

/// <summary>Several sync servers in processes of their own over one real PostgreSQL server, a target, and an edge that makes load.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    public const string Name = "chaos";

    /// <summary>The name by which the primary knows its standby.</summary>
    public const string StandbyName = "second";

    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan QuietBound = TimeSpan.FromSeconds(120);

    private readonly TemporaryFolder folder;
    private readonly CancellationTokenSource end = new();
    private readonly ConcurrentDictionary<(int Shard, long Epoch), Guid> owners = new();
    private readonly NpgsqlDataSource database;
    private Task watching = Task.CompletedTask;

    private ChaosCluster(TemporaryFolder folder, PostgresServer postgres, PostgresServer? standby, Receiver receiver)
    {
        this.folder = folder;
        Postgres = postgres;
        Standby = standby;
        Receiver = receiver;
        var hosts = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Host = string.Join(',', DatabasePorts.Select(port => $"127.0.0.1:{port}")), Timeout = 2, CommandTimeout = 2, HostRecheckSeconds = 1 };
        database = new NpgsqlDataSourceBuilder(hosts.ConnectionString).BuildMultiHost().WithTargetSession(TargetSessionAttributes.ReadWrite);
    }

    public PostgresServer Postgres { get; }

    /// <summary>The synchronous standby; null if the cluster was made without one.</summary>
    public PostgresServer? Standby { get; }

    public Receiver Receiver { get; }

    public List<ChaosNode> Nodes { get; } = [];

    /// <summary>The folder that each node has one in.</summary>
    public string Folder => folder.FullPath;

    public LoadingEdge Edge { get; private set; } = null!;

    /// <summary>Two owners that wrote their names for one epoch of one shard; none, if all is well.</summary>
    public ConcurrentQueue<string> DoubleOwners { get; } = new();

    private ImmutableArray<int> DatabasePorts => Standby is null ? [Postgres.Port] : [Postgres.Port, Standby.Port];

    /// <summary>Starts a cluster over one database server.</summary>
    public static Task<ChaosCluster> StartAsync(string[] names, Func<ChaosNodeOptions, ChaosNodeOptions> describe, CancellationToken cancellationToken) =>
        StartAsync(names, withStandby: false, describe, cancellationToken);

    /// <summary>Starts a cluster.</summary>
    /// <param name="names">The nodes' names; the first makes the cluster.</param>
    /// <param name="withStandby">Whether the database has a synchronous standby.</param>
    /// <param name="describe">What each node is made of.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ChaosCluster> StartAsync(string[] names, bool withStandby, Func<ChaosNodeOptions, ChaosNodeOptions> describe, CancellationToken cancellationToken)
    {
        var folder = TemporaryFolder.Create("chaos");
        var postgres = await PostgresServer.StartAsync([], cancellationToken);
        var standby = withStandby ? await postgres.StartStandbyAsync(StandbyName, cancellationToken) : null;
        if (standby is not null) await postgres.WaitForStandbyAsync(StandbyName, cancellationToken);
        var cluster = new ChaosCluster(folder, postgres, standby, await Receiver.StartAsync(cancellationToken));
        try
        {
            foreach (var name in names)
            {
                var options = describe(new ChaosNodeOptions(name, folder.FullPath, cluster.DatabasePorts, cluster.Receiver.Address, cluster.Nodes.FirstOrDefault()));
                cluster.Nodes.Add(await ChaosNode.PrepareAsync(options, cancellationToken));

                // The first one must be up before others can fetch its keys.
                if (cluster.Nodes.Count == 1) await cluster.Nodes[0].Process.StartAsync(cancellationToken);
                else cluster.Nodes[^1].Process.Launch();
            }

            cluster.Edge = await LoadingEdge.EnrolAsync(cluster.Nodes, cancellationToken);
            await Eventually.HoldsAsync($"{names.Length} nodes with shares", QuietBound, async token => (await cluster.SharesAsync(token)).Count == names.Length, cancellationToken);
            cluster.watching = cluster.WatchAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public ChaosNode Node(string name) => Nodes.Single(node => node.Name == name);

    /// <summary>How many shards each node owns that its last heartbeat still covers.</summary>
    public async Task<Dictionary<string, int>> SharesAsync(CancellationToken cancellationToken) => await AskAsync(
        "SELECT owner, count(*) FROM passwordsync.shard WHERE owner IS NOT NULL GROUP BY owner", row => (row.GetString(0), (int)row.GetInt64(1)), cancellationToken) is { } rows
        ? rows.ToDictionary(row => row.Item1, row => row.Item2)
        : [];

    /// <summary>Waits until all that was acknowledged has arrived, and checks that nothing is missing, twice or out of order.</summary>
    public async Task ComeToRestAsync(bool mayGoBack, CancellationToken cancellationToken)
    {
        await Eventually.HoldsAsync("the newest passwords at the target", QuietBound, _ => Task.FromResult(Edge.Acknowledged.All(user => Receiver.VersionOf(user.Key) == user.Value)), cancellationToken);
        await Eventually.HoldsAsync("an empty inbox", QuietBound, async token => await CountAsync("SELECT count(*) FROM passwordsync.inbox", token) == 0, cancellationToken);
        var decided = await CountAsync("SELECT count(*) FROM passwordsync.event WHERE kind LIKE 'capture-accepted.%' OR kind LIKE 'capture-ignored.%'", cancellationToken);
        decided.ShouldBe(Edge.AcknowledgedCount, "each acknowledged capture is decided once");
        DoubleOwners.ShouldBeEmpty();
        if (!mayGoBack) Receiver.WentBack.ShouldBe(0, "no password came after a newer one");
    }

    public async Task<long> CountAsync(string sql, CancellationToken cancellationToken) => (await AskAsync(sql, row => row.GetInt64(0), cancellationToken))?.Single() ?? -1;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Edge?.Dispose();
        foreach (var node in Nodes) await node.Process.KillAsync(CancellationToken.None);
        foreach (var node in Nodes) await node.DisposeAsync();
        KeepLogs();
        await database.DisposeAsync();
        await Receiver.DisposeAsync();
        if (Standby is not null) await Standby.DisposeAsync();
        await Postgres.DisposeAsync();
        folder.Dispose();
        end.Dispose();
    }

    // What nodes said, for who looks into a failure: everything else of a run is deleted with it.
    private void KeepLogs()
    {
        if (Environment.GetEnvironmentVariable("PASSWORDSYNC_LOGS") is not { Length: > 0 } kept) return;
        Directory.CreateDirectory(kept);
        foreach (var node in Nodes) File.Copy(node.Process.LogFile, Path.Combine(kept, $"{node.Name}.log"), overwrite: true);
    }

    /// <summary>The rows; null while the database is away.</summary>
    private async Task<List<T>?> AskAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = database.CreateCommand(sql);
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            var found = new List<T>();
            while (await rows.ReadAsync(cancellationToken)) found.Add(read(rows));
            return found;
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }

    // Whoever owns a shard has written its name into the row, under an epoch that is its alone.
    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(WatchInterval);
        while (await timer.WaitForNextTickAsync(end.Token))
        {
            var rows = await AskAsync("SELECT shard_id, epoch, incarnation FROM passwordsync.shard WHERE incarnation IS NOT NULL", row => (row.GetInt32(0), row.GetInt64(1), row.GetGuid(2)), end.Token);
            foreach (var (shard, epoch, owner) in rows ?? [])
            {
                var first = owners.GetOrAdd((shard, epoch), owner);
                if (first != owner) DoubleOwners.Enqueue(string.Create(CultureInfo.InvariantCulture, $"shard {shard} epoch {epoch}: {first} and {owner}"));
            }
        }
    }
}
