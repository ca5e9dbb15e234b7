using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Npgsql;
using PasswordSync.Lab;
using Shouldly;

namespace PasswordSync.Chaos.Cluster;

/// <summary>Several sync servers in processes of their own over one real PostgreSQL server, a target, and an edge that makes load.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    public const string Name = "chaos";

    /// <summary>How long anything may take on a busy machine.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(200);

    private readonly TemporaryFolder folder;
    private readonly CancellationTokenSource end = new();
    private readonly ConcurrentDictionary<(int Shard, long Epoch), Guid> owners = new();
    private readonly NpgsqlDataSource database;
    private readonly IChaosDatabase servers;
    private readonly VirtualNetwork? network;
    private Task watching = Task.CompletedTask;

    private ChaosCluster(TemporaryFolder folder, IChaosDatabase servers, VirtualNetwork? network, Receiver receiver)
    {
        this.folder = folder;
        this.servers = servers;
        this.network = network;
        Receiver = receiver;
        var hosts = new NpgsqlConnectionStringBuilder
        {
            Host = string.Join(',', servers.Ports.Select(port => $"127.0.0.1:{port}")),
            Database = PostgresServer.Database,
            Username = PostgresServer.Administrator,
            Password = PostgresServer.AdministratorPassword,
            Timeout = 5,
            CommandTimeout = 5,
            HostRecheckSeconds = 1,
        };
        database = new NpgsqlDataSourceBuilder(hosts.ConnectionString).BuildMultiHost().WithTargetSession(TargetSessionAttributes.ReadWrite);
    }

    /// <summary>The database server, or the first one of a pair.</summary>
    public PostgresServer Postgres => ((PostgresPair)servers).Primary;

    /// <summary>The synchronous standby.</summary>
    public PostgresServer Standby => ((PostgresPair)servers).Standby!;

    public Receiver Receiver { get; }

    /// <summary>All that were ever added.</summary>
    public ImmutableList<ChaosNode> Nodes { get; private set; } = [];

    /// <summary>The folder that each node has one in.</summary>
    public string Folder => folder.FullPath;

    public LoadingEdge Edge { get; private set; } = null!;

    /// <summary>Two owners that wrote their names for one epoch of one shard; none, if all is well.</summary>
    public ConcurrentQueue<string> DoubleOwners { get; } = new();

    /// <summary>Starts a cluster over one database server.</summary>
    /// <param name="names">The nodes' names; the first makes the cluster.</param>
    /// <param name="describe">What each node is made of.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<ChaosCluster> StartAsync(string[] names, Func<ChaosNodeOptions, ChaosNodeOptions> describe, CancellationToken cancellationToken) =>
        StartAsync(names, new ChaosClusterOptions { Describe = describe }, cancellationToken);

    /// <summary>Starts a cluster.</summary>
    public static async Task<ChaosCluster> StartAsync(string[] names, ChaosClusterOptions options, CancellationToken cancellationToken)
    {
        var network = options.OnNetwork ? await VirtualNetwork.CreateAsync(Switches.All, cancellationToken) : null;
        var folder = TemporaryFolder.Create("chaos");
        var receiver = await Receiver.StartAsync(folder.FullPath, network?.AddressOn(Switches.Target) ?? IPAddress.Loopback, cancellationToken);
        var cluster = new ChaosCluster(folder, await options.StartDatabaseAsync(cancellationToken), network, receiver);
        try
        {
            foreach (var role in options.DatabaseRoles) await cluster.Postgres.RunSqlAsync($"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{PostgresServer.AdministratorPassword}'", cancellationToken);
            foreach (var name in names) await cluster.AddAsync(name, options.Describe, cancellationToken);
            cluster.Edge = await LoadingEdge.EnrolAsync(() => cluster.Nodes, cancellationToken);
            await cluster.HaveSharesAsync(names, cancellationToken);
            cluster.watching = cluster.WatchAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds a node. The first one makes the cluster, and is up when this ends; another is only begun.</summary>
    public async Task<ChaosNode> AddAsync(string name, Func<ChaosNodeOptions, ChaosNodeOptions> describe, CancellationToken cancellationToken)
    {
        var machine = network is null ? null : await network.AddMachineAsync(cancellationToken);
        var node = await ChaosNode.PrepareAsync(describe(new ChaosNodeOptions(name, Folder, servers.Ports, Receiver, Nodes is [var first, ..] ? first : null) { Machine = machine }), cancellationToken);
        Nodes = Nodes.Add(node);
        if (Nodes.Count == 1) await node.Process.StartAsync(cancellationToken);
        else node.Process.Launch();
        return node;
    }

    public ChaosNode Node(string name) => Nodes.Single(node => node.Name == name);

    /// <summary>How many shards each node owns that its last heartbeat still covers.</summary>
    public async Task<Dictionary<string, int>> SharesAsync(CancellationToken cancellationToken) => (await AskForSureAsync(
        "SELECT owner, count(*) FROM passwordsync.shard WHERE owner IS NOT NULL GROUP BY owner", row => (row.GetString(0), (int)row.GetInt64(1)), cancellationToken))
        .ToDictionary(row => row.Item1, row => row.Item2);

    /// <summary>Waits until exactly these nodes own shards.</summary>
    public Task HaveSharesAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var wanted = names.ToHashSet();
        return Eventually.HoldsAsync($"shares for {string.Join(", ", wanted)}", Bound, async token => wanted.SetEquals((await SharesAsync(token)).Keys), cancellationToken);
    }

    /// <summary>Waits until all that was acknowledged has arrived, and checks that nothing is missing, twice or out of order.</summary>
    public async Task ComeToRestAsync(bool mayGoBack, CancellationToken cancellationToken)
    {
        await Eventually.HoldsAsync("the newest passwords at the target", Bound, _ => Task.FromResult(Edge.Acknowledged.All(user => Receiver.VersionOf(user.Key) == user.Value)), cancellationToken);
        await Eventually.HoldsAsync("an empty inbox", Bound, async token => await CountAsync("SELECT count(*) FROM passwordsync.inbox", token) == 0, cancellationToken);
        var decided = await CountAsync("SELECT count(*) FROM passwordsync.event WHERE kind LIKE 'capture-accepted.%' OR kind LIKE 'capture-ignored.%'", cancellationToken);
        decided.ShouldBe(Edge.AcknowledgedCount, "each acknowledged capture is decided once");
        DoubleOwners.ShouldBeEmpty();
        if (!mayGoBack) Receiver.WentBack.ShouldBe(0, "no password came after a newer one");
    }

    /// <summary>The node that owns a user whose password has come before; null while nobody does.</summary>
    public async Task<string?> OwnerOfAsync(string user, CancellationToken cancellationToken) => await AskForSureAsync(
        $"SELECT coalesce(owner, '') FROM passwordsync.shard JOIN passwordsync.account USING (shard_id) WHERE object_guid = '{LoadingEdge.AccountOf(user)}'", row => row.GetString(0), cancellationToken) is [{ Length: > 0 } owner]
            ? owner
            : null;

    /// <summary>What the journal says of a user, oldest first: each event's kind and body.</summary>
    public Task<List<(string Kind, string Body)>> EventsOfAsync(string user, CancellationToken cancellationToken) => AskForSureAsync(
        $"SELECT kind, body FROM passwordsync.event JOIN passwordsync.account USING (identity_id) WHERE object_guid = '{LoadingEdge.AccountOf(user)}' ORDER BY seq", row => (row.GetString(0), row.GetString(1)), cancellationToken);

    public async Task<long> CountAsync(string sql, CancellationToken cancellationToken) => (await AskForSureAsync(sql, row => row.GetInt64(0), cancellationToken)).Single();

    /// <summary>When a node told last that it lives, by the database's clock, which is this machine's.</summary>
    public async Task<DateTimeOffset> LastHeartbeatOfAsync(string name, CancellationToken cancellationToken) =>
        (await AskForSureAsync($"SELECT heartbeat_at FROM passwordsync.node WHERE name = '{name}'", row => row.GetFieldValue<DateTimeOffset>(0), cancellationToken)).Single();

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
        await servers.DisposeAsync();
        if (network is not null) await network.DisposeAsync();
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

    /// <summary>The rows. What is asked while the database is away, or too busy to answer, is asked again.</summary>
    private async Task<List<T>> AskForSureAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        List<T>? rows = null;
        await Eventually.HoldsAsync("an answer of the database", Bound, async token => (rows = await AskAsync(sql, read, token)) is not null, cancellationToken);
        return rows!;
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
