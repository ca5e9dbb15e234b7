using System.Collections.Immutable;
using System.Net;
using PasswordSync.Lab;
using Shouldly;

namespace PasswordSync.Chaos.Cluster;

/// <summary>Several sync servers in processes of their own over one real PostgreSQL server, a target, and an edge that makes load.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    public const string Name = "chaos";

    /// <summary>How long anything may take on a busy machine.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);

    private readonly TemporaryFolder folder;
    private readonly ChaosDatabaseReader database;
    private readonly IChaosDatabase servers;
    private readonly VirtualNetwork? network;

    private ChaosCluster(TemporaryFolder folder, IChaosDatabase servers, VirtualNetwork? network, Receiver receiver)
    {
        this.folder = folder;
        this.servers = servers;
        this.network = network;
        Receiver = receiver;
        database = new ChaosDatabaseReader(servers.Ports);
    }

    /// <summary>The database server, or the first one of a pair.</summary>
    public PostgresServer Postgres => Pair.Primary;

    /// <summary>The synchronous standby.</summary>
    public PostgresServer Standby => Pair.Standby!;

    /// <summary>The database servers.</summary>
    public PostgresPair Pair => (PostgresPair)servers;

    public Receiver Receiver { get; }

    /// <summary>The way to it, where nodes were given one.</summary>
    public TargetRelay? Relay { get; private set; }

    /// <summary>All that were ever added.</summary>
    public ImmutableList<ChaosNode> Nodes { get; private set; } = [];

    /// <summary>The folder that each node has one in.</summary>
    public string Folder => folder.FullPath;

    public LoadingEdge Edge { get; private set; } = null!;

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
        var cluster = new ChaosCluster(folder, await options.StartDatabaseAsync(cancellationToken), network, receiver) { Relay = options.HasTargetRelay ? new TargetRelay(receiver.Address) : null };
        try
        {
            foreach (var role in options.DatabaseRoles) await cluster.Postgres.RunSqlAsync($"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{PostgresServer.AdministratorPassword}'", cancellationToken);
            foreach (var name in names) await cluster.AddAsync(name, options.Describe, cancellationToken);
            cluster.Edge = await LoadingEdge.EnrolAsync(() => cluster.Nodes, cancellationToken);
            await cluster.database.RunAsync(Witness.Install, cancellationToken);
            await cluster.HaveSharesAsync(names, cancellationToken);
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
        var node = await ChaosNode.PrepareAsync(describe(new ChaosNodeOptions(name, Folder, servers.Ports, Receiver, Nodes is [var first, ..] ? first : null) { Machine = machine, TargetAddress = Relay?.Address ?? Receiver.Address }), cancellationToken);
        Nodes = Nodes.Add(node);
        if (Nodes.Count == 1) await node.StartAsync(cancellationToken);
        else node.Launch();
        return node;
    }

    public ChaosNode Node(string name) => Nodes.Single(node => node.Name == name);

    /// <summary>What goes through the cluster from now on.</summary>
    public Window Open() => new(this);

    /// <summary>How many shards each node owns.</summary>
    public async Task<Dictionary<string, int>> SharesAsync(CancellationToken cancellationToken) => (await database.ReadAsync(
        "SELECT owner, count(*) FROM passwordsync.shard WHERE owner IS NOT NULL GROUP BY owner", row => (row.GetString(0), (int)row.GetInt64(1)), cancellationToken))
        .ToDictionary(row => row.Item1, row => row.Item2);

    /// <summary>The shards that a node owns, each with its epoch; waits until there are some.</summary>
    public async Task<Dictionary<int, long>> HoldingsOfAsync(ChaosNode node, CancellationToken cancellationToken)
    {
        Dictionary<int, long> holdings = [];
        await Eventually.HoldsAsync(
            $"a share for {node.Name}", Bound,
            async token => (holdings = (await database.ReadAsync($"SELECT shard_id, epoch FROM passwordsync.shard WHERE owner = '{node.Name}'", row => (row.GetInt32(0), row.GetInt64(1)), token)).ToDictionary()).Count > 0,
            cancellationToken);
        return holdings;
    }

    /// <summary>Waits until each of these shards has an owner under a later epoch.</summary>
    /// <param name="holdings">The shards and their epochs.</param>
    /// <param name="notBy">The node that may not be that owner; null for any.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task HaveOtherOwnersAsync(Dictionary<int, long> holdings, ChaosNode? notBy, CancellationToken cancellationToken) => Eventually.HoldsAsync(
        "later epochs of shards", Bound,
        async token => (await database.ReadAsync("SELECT shard_id, epoch, coalesce(owner, '') FROM passwordsync.shard", row => (Shard: row.GetInt32(0), Epoch: row.GetInt64(1), Owner: row.GetString(2)), token))
            .All(row => !holdings.TryGetValue(row.Shard, out var former) || (row.Epoch > former && row.Owner.Length > 0 && row.Owner != notBy?.Name)),
        cancellationToken);

    /// <summary>Waits until exactly these nodes own shards.</summary>
    public Task HaveSharesAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var wanted = names.ToHashSet();
        return Eventually.HoldsAsync($"shares for {string.Join(", ", wanted)}", Bound, async token => wanted.SetEquals((await SharesAsync(token)).Keys), cancellationToken);
    }

    /// <summary>Waits until all that was acknowledged has arrived, and checks that nothing is missing, twice or out of order.</summary>
    /// <param name="mayGoBack">Whether a node was stopped or cut off from the target, whose attempts under way then may have come late; else nothing may.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task ComeToRestAsync(bool mayGoBack, CancellationToken cancellationToken)
    {
        await Eventually.HoldsAsync("the newest passwords at the target", Bound, _ => Task.FromResult(Edge.Acknowledged.All(user => Receiver.VersionOf(user.Key) == user.Value)), cancellationToken);
        await Eventually.HoldsAsync("an empty inbox", Bound, async token => await CountAsync("SELECT count(*) FROM passwordsync.inbox", token) == 0, cancellationToken);
        await Witness.DecidedOnceAsync(database, Edge.AcknowledgedCaptures, cancellationToken);
        await Witness.EpochsHadOneOwnerAsync(database, cancellationToken);
        await Witness.DeadlinesWereHeededAsync(database, cancellationToken);
        await TakeOvers.AllHadAReasonAsync(database, Nodes, cancellationToken);
        if (mayGoBack) await LateArrivals.AllHadAReasonAsync(database, this, cancellationToken);
        else Receiver.WentBack.ShouldBe(0, "no password came after a newer one");
    }

    /// <summary>The node that owns a user whose password has come before; null while nobody does.</summary>
    public async Task<string?> OwnerOfAsync(string user, CancellationToken cancellationToken) => await database.ReadAsync(
        $"SELECT coalesce(owner, '') FROM passwordsync.shard JOIN passwordsync.account USING (shard_id) WHERE object_guid = '{LoadingEdge.AccountOf(user)}'", row => row.GetString(0), cancellationToken) is [{ Length: > 0 } owner]
            ? owner
            : null;

    /// <summary>The users whose shards a node owns, of those whose password has come before.</summary>
    public async Task<string[]> UsersOfAsync(ChaosNode node, CancellationToken cancellationToken)
    {
        var owned = (await database.ReadAsync(
            $"SELECT object_guid FROM passwordsync.account JOIN passwordsync.shard USING (shard_id) WHERE owner = '{node.Name}'", row => row.GetGuid(0), cancellationToken)).ToHashSet();
        return [.. Edge.Chosen.Keys.Where(user => owned.Contains(LoadingEdge.AccountOf(user)))];
    }

    /// <summary>What the journal says of a user, oldest first: each event's kind and body.</summary>
    public Task<List<(string Kind, string Body)>> EventsOfAsync(string user, CancellationToken cancellationToken) => database.ReadAsync(
        $"SELECT kind, body FROM passwordsync.event JOIN passwordsync.account USING (identity_id) WHERE object_guid = '{LoadingEdge.AccountOf(user)}' ORDER BY seq", row => (row.GetString(0), row.GetString(1)), cancellationToken);

    public async Task<long> CountAsync(string sql, CancellationToken cancellationToken) => (await database.ReadAsync(sql, row => row.GetInt64(0), cancellationToken)).Single();

    /// <summary>When a node told last that it lives, by the database's clock, which is this machine's.</summary>
    public async Task<DateTimeOffset> LastHeartbeatOfAsync(string name, CancellationToken cancellationToken) =>
        (await database.ReadAsync($"SELECT heartbeat_at FROM passwordsync.node WHERE name = '{name}'", row => row.GetFieldValue<DateTimeOffset>(0), cancellationToken)).Single();

    public async ValueTask DisposeAsync()
    {
        Edge?.Dispose();
        foreach (var node in Nodes) await node.KillAsync(CancellationToken.None);
        foreach (var node in Nodes) await node.DisposeAsync();
        KeepLogs();
        await database.DisposeAsync();
        if (Relay is not null) await Relay.DisposeAsync();
        await Receiver.DisposeAsync();
        await servers.DisposeAsync();
        if (network is not null) await network.DisposeAsync();
        folder.Dispose();
    }

    // What nodes said, for who looks into a failure: everything else of a run is deleted with it.
    private void KeepLogs()
    {
        if (Environment.GetEnvironmentVariable("PASSWORDSYNC_LOGS") is not { Length: > 0 } kept) return;
        Directory.CreateDirectory(kept);
        foreach (var node in Nodes) File.Copy(node.Process.LogFile, Path.Combine(kept, $"{node.Name}.log"), overwrite: true);
    }
}
