using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json;
using PasswordSync.Lab;
using PasswordSync.Lab.Product;

namespace PasswordSync.Chaos.Cluster;

/// <summary>One sync server of the cluster in a process of its own.</summary>
internal sealed class ChaosNode : IAsyncDisposable
{
    private const string Passphrase = "the passphrase of a node under chaos";

    /// <summary>Short enough for keys that turn once a minute: a key ring holds 250 of the keys of that time.</summary>
    private const string MaximumAge = "04:00:00";

    private readonly ImmutableArray<DatabaseProxy> databases;

    private ChaosNode(ChaosNodeOptions options, int port, ImmutableArray<DatabaseProxy> databases)
    {
        Name = options.Name;
        Folder = Directory.CreateDirectory(Path.Combine(options.Root, options.Name)).FullName;
        this.databases = databases;
        Machine = options.Machine;
        Addresses = Machine is null ? [Of(IPAddress.Loopback, port)] : [Of(Machine.AddressOn(Switches.Edges), port), Of(Machine.AddressOn(Switches.Peers), port)];
        var command = new ServerCommand(ProductBuild.SyncNode, ["run", "--config", ConfigurationFile], Path.Combine(Folder, "node.log"))
        {
            Environment = ProductBuild.Environment.Concat(options.Environment).ToDictionary(),
            Machine = Machine,
        };
        Process = new ProductProcess($"node {Name}", command, new IPEndPoint(IPAddress.Parse(Address.Host), port));
    }

    public string Name { get; }

    public string Folder { get; }

    /// <summary>Where edges reach it.</summary>
    public Uri Address => Addresses[0];

    /// <summary>Where it listens: to edges, and last to other nodes.</summary>
    public ImmutableArray<Uri> Addresses { get; }

    /// <summary>What it runs on; null for the test's own machine.</summary>
    public VirtualMachine? Machine { get; }

    /// <summary>Where operators are listened to; null for nowhere.</summary>
    public Uri? AdminAddress { get; private init; }

    public ProductProcess Process { get; }

    public string DataFolder => Path.Combine(Folder, "data");

    public static ReadOnlyMemory<byte> PassphraseBytes => System.Text.Encoding.UTF8.GetBytes(Passphrase);

    private string ConfigurationFile => Path.Combine(Folder, "node.json");

    /// <summary>From now on nothing passes between the node and the database.</summary>
    public void CutFromDatabase()
    {
        foreach (var proxy in databases) proxy.Cut();
    }

    public void MendDatabase()
    {
        foreach (var proxy in databases) proxy.Mend();
    }

    /// <summary>Holds back one statement of this node.</summary>
    public DatabaseTrap Trap(string text, HeldPart part)
    {
        var trap = new DatabaseTrap(text, part);
        foreach (var proxy in databases) proxy.Set(trap);
        return trap;
    }

    /// <summary>Writes the files of a node. The first one makes the cluster; another is signed by it, as an administrator does it.</summary>
    public static async Task<ChaosNode> PrepareAsync(ChaosNodeOptions options, CancellationToken cancellationToken)
    {
        var node = new ChaosNode(options, FreePort.Find(), options.Machine is null ? [.. options.DatabasePorts.Select(port => new DatabaseProxy(port))] : [])
        {
            AdminAddress = options.HasAdmin ? new Uri(string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{FreePort.Find()}/")) : null,
        };
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "passphrase"), Passphrase, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "database-password"), PostgresServer.AdministratorPassword, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "signing-key"), "a signing key of chaos", cancellationToken);
        await node.WriteAsync("node.json", node.Settings(options), cancellationToken);
        await node.WriteAsync("scopes.json", new { scopes = new[] { new { name = "staff", source = "alpha", baseDn = "DC=alpha,DC=test", points = new[] { "hook" } } } }, cancellationToken);
        await node.WriteAsync("points.json", new { points = new[] { node.Point(options) } }, cancellationToken);
        if (options.First is not { } first)
        {
            await RunAsync(["init", "--config", node.ConfigurationFile], cancellationToken);
            return node;
        }

        var request = Path.Combine(node.Folder, "node.csr");
        await RunAsync(["request", "--config", node.ConfigurationFile, "--out", request], cancellationToken);
        await RunAsync(["sign-node", "--config", first.ConfigurationFile, "--name", node.Name, "--host", node.Addresses[^1].Host, "--request", request, "--out", Path.Combine(node.DataFolder, "node.pem")], cancellationToken);
        File.Copy(Path.Combine(first.DataFolder, "ca.pem"), Path.Combine(node.DataFolder, "ca.pem"));
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        foreach (var proxy in databases) await proxy.DisposeAsync();
    }

    private object Settings(ChaosNodeOptions options) => new
    {
        cluster = ChaosCluster.Name,
        name = Name,
        data = "data",
        listen = Addresses.Select(address => address.Authority),
        advertise = Addresses.Reverse().Select(address => address.ToString()),
        passphrase = "file:passphrase",
        scopes = "scopes.json",
        points = "points.json",
        shards = options.Shards,
        join = options.First is { } first ? new[] { first.Addresses[^1].ToString() } : [],
        labels = options.Labels,
        keyRotation = options.KeyRotation,
        maximumAge = MaximumAge,
        database = new
        {
            kind = "postgres",
            connection = string.Create(CultureInfo.InvariantCulture, $"Host={string.Join(',', DatabaseHosts(options))};Database={PostgresServer.Database};Username={options.DatabaseUser}"),
            expiry = options.Expiry.ToString("c", CultureInfo.InvariantCulture),
            requireSynchronousStandby = options.DatabasePorts.Length > 1,
            password = "file:" + Path.Combine(Folder, "database-password"),
        },
        sources = new Dictionary<string, object> { ["alpha"] = new { servers = new[] { "127.0.0.1:1" }, security = "ldaps" } },
        allow = new { endpoints = new[] { "*" }, files = new[] { "*" }, secrets = new[] { "*" } },
        recheckDelay = "00:00:02",
        log = new { level = "information" },
        admin = new { listen = AdminAddress is { } admin ? new[] { $"{admin.Host}:{admin.Port}" } : [] },
    };

    private IEnumerable<string> DatabaseHosts(ChaosNodeOptions options) => Machine is null
        ? databases.Select(proxy => $"127.0.0.1:{proxy.Port}")
        : options.DatabasePorts.Select(port => $"{Machine.ServersOn(Switches.Database)}:{port}");

    private static Uri Of(IPAddress address, int port) => new(string.Create(CultureInfo.InvariantCulture, $"https://{address}:{port}/"));

    private object Point(ChaosNodeOptions options) => new
    {
        name = "hook",
        provider = "webhook",
        nodes = options.PointLabels,
        settings = new { url = options.Target.Address, trustedRoots = options.Target.RootsFile, signingKey = "file:" + Path.Combine(Folder, "signing-key") },
        attemptTimeout = options.AttemptTimeout.ToString("c", CultureInfo.InvariantCulture),
        retry = new { initialDelay = "00:00:00.2", delayMax = "00:00:01" },
    };

    private Task WriteAsync(string file, object content, CancellationToken cancellationToken) => File.WriteAllTextAsync(Path.Combine(Folder, file), JsonSerializer.Serialize(content), cancellationToken);

    private static async Task RunAsync(string[] arguments, CancellationToken cancellationToken) =>
        (await new ToolRun(ProductBuild.SyncNode, arguments) { Environment = ProductBuild.Environment }.RunAsync(cancellationToken)).RequireSuccess();
}
