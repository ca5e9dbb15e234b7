using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json;
using PasswordSync.Lab;
using PasswordSync.Lab.Product;

namespace PasswordSync.Chaos.Cluster;

/// <summary>One sync server of the cluster in a process of its own.</summary>
internal sealed partial class ChaosNode : IAsyncDisposable
{
    private const string Passphrase = "the passphrase of a node under chaos";

    private readonly ImmutableArray<DatabaseProxy> databases;
    private readonly NodeTroubles troubles = new();
    private readonly Dictionary<string, string> environment;
    private readonly IPEndPoint listensAt;

    private ChaosNode(ChaosNodeOptions options, int port, ImmutableArray<DatabaseProxy> databases)
    {
        Name = options.Name;
        Folder = Directory.CreateDirectory(Path.Combine(options.Root, options.Name)).FullName;
        this.databases = databases;
        Machine = options.Machine;
        Addresses = Machine is null ? [Of(IPAddress.Loopback, port)] : [Of(Machine.AddressOn(Switches.Edges), port), Of(Machine.AddressOn(Switches.Peers), port)];
        environment = ProductBuild.Environment.Concat(options.Environment).ToDictionary();
        listensAt = new IPEndPoint(IPAddress.Parse(Address.Host), port);
        Process = ProcessOf(options.Program);
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

    public ProductProcess Process { get; private set; }

    public string DataFolder => Path.Combine(Folder, "data");

    public static ReadOnlyMemory<byte> PassphraseBytes => System.Text.Encoding.UTF8.GetBytes(Passphrase);

    private string ConfigurationFile => Path.Combine(Folder, "node.json");

    /// <summary>What a test has done to it.</summary>
    public NodeTroubles Troubles => troubles;

    /// <summary>Lets it leave, and starts another build of it on what it has.</summary>
    public async Task UpgradeAsync(string program, CancellationToken cancellationToken)
    {
        await StopAsync(cancellationToken);
        await Process.DisposeAsync();
        Process = ProcessOf(program);
        await StartAsync(cancellationToken);
    }

    /// <summary>Ends it at once (SIGKILL).</summary>
    public Task KillAsync(CancellationToken cancellationToken)
    {
        troubles.Ended();
        return Process.KillAsync(cancellationToken);
    }

    /// <summary>Asks it to leave, and waits until it has: nobody needs to take it for dead.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Process.StopAsync(cancellationToken);
        troubles.Ended();
    }

    /// <summary>Starts it again and waits until it listens.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => Process.StartAsync(cancellationToken);

    /// <summary>Starts it again without waiting.</summary>
    public void Launch() => Process.Launch();

    /// <summary>Stops it (SIGSTOP).</summary>
    public void Freeze()
    {
        troubles.Begin();
        troubles.HoldUp();
        Process.Freeze();
    }

    /// <summary>Lets it go on (SIGCONT).</summary>
    public void Thaw()
    {
        Process.Thaw();
        troubles.LetGo();
        troubles.End();
    }

    /// <summary>From now on nothing passes between the node and the database.</summary>
    public void CutFromDatabase()
    {
        troubles.Begin();
        foreach (var proxy in databases) proxy.Cut();
    }

    public void MendDatabase()
    {
        foreach (var proxy in databases) proxy.Mend();
        troubles.End();
    }

    /// <summary>Cuts its machine's cable to a switch. Only without the one to the database may it be taken for dead; without the one to the target its passwords may come late.</summary>
    public Task CutAsync(string cable, CancellationToken cancellationToken)
    {
        if (cable == Switches.Database) troubles.Begin();
        if (cable == Switches.Target) troubles.HoldUp();
        return Machine!.CutAsync(cable, cancellationToken);
    }

    /// <summary>Mends its machine's cable to a switch.</summary>
    public async Task MendAsync(string cable, CancellationToken cancellationToken)
    {
        await Machine!.MendAsync(cable, cancellationToken);
        if (cable == Switches.Database) troubles.End();
        if (cable == Switches.Target) troubles.LetGo();
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
            await RunAsync(options.Program, ["init", "--config", node.ConfigurationFile], cancellationToken);
            return node;
        }

        var request = Path.Combine(node.Folder, "node.csr");
        await RunAsync(options.Program, ["request", "--config", node.ConfigurationFile, "--out", request], cancellationToken);
        await RunAsync(options.Program, ["sign-node", "--config", first.ConfigurationFile, "--name", node.Name, "--host", node.Addresses[^1].Host, "--request", request, "--out", Path.Combine(node.DataFolder, "node.pem")], cancellationToken);
        File.Copy(Path.Combine(first.DataFolder, "ca.pem"), Path.Combine(node.DataFolder, "ca.pem"));
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        foreach (var proxy in databases) await proxy.DisposeAsync();
    }

    private static Uri Of(IPAddress address, int port) => new(string.Create(CultureInfo.InvariantCulture, $"https://{address}:{port}/"));

    private Task WriteAsync(string file, object content, CancellationToken cancellationToken) => File.WriteAllTextAsync(Path.Combine(Folder, file), JsonSerializer.Serialize(content), cancellationToken);

    private ProductProcess ProcessOf(string program)
    {
        var command = new ServerCommand(program, ["run", "--config", ConfigurationFile], Path.Combine(Folder, "node.log")) { Environment = environment, Machine = Machine };
        return new ProductProcess($"node {Name}", command, listensAt);
    }

    private static async Task RunAsync(string program, string[] arguments, CancellationToken cancellationToken) =>
        (await new ToolRun(program, arguments) { Environment = ProductBuild.Environment }.RunAsync(cancellationToken)).RequireSuccess();
}
