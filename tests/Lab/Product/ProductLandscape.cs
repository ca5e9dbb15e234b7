using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PasswordSync.Lab.Product;

/// <summary>
/// This product on real servers: one sync server, and on each DC of each source an edge and the helper that Samba calls. Everything in processes of their
/// own, with their files below one folder.
/// </summary>
public sealed class ProductLandscape : IAsyncDisposable
{
    public const string Cluster = "lab";

    /// <summary>The name of a sync point whose target stays silent: each attempt there runs out of its time, which is short.</summary>
    public const string SilentPoint = "silent";

    private const string Passphrase = "the passphrase of a lab";

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly ProductLandscapeOptions options;
    private readonly string folder;
    private readonly int port;

    private ProductLandscape(ProductLandscapeOptions options, string folder, int port)
    {
        this.options = options;
        this.folder = folder;
        this.port = port;
        Node = MakeNode();
        Edges = options.Sources.SelectMany(source => source.Value.Controllers.Select(controller => MakeEdge(source.Key, controller))).ToImmutableDictionary();
    }

    /// <summary>The sync server.</summary>
    public ProductProcess Node { get; }

    /// <summary>The edges, by their DCs.</summary>
    public ImmutableDictionary<SambaDomainController, ProductProcess> Edges { get; }

    /// <summary>The sync server's folder: configuration, <c>data</c>, <c>log</c>.</summary>
    public string NodeFolder => Path.Combine(folder, "node");

    /// <summary>The folder of the secrets that configurations refer to.</summary>
    public static string SecretsFolder(string folder) => Path.Combine(folder, "secrets");

    /// <summary>The folder of an edge: configuration, spool, drop folder, socket.</summary>
    public string EdgeFolder(SambaDomainController controller)
    {
        ArgumentNullException.ThrowIfNull(controller);
        return Path.Combine(folder, controller.FullName);
    }

    /// <summary>Writes all files, signs the edges, starts everything, and lets each DC call the helper.</summary>
    /// <param name="options">What it is made of.</param>
    /// <param name="folder">An empty folder; the secrets' files are written to <see cref="SecretsFolder"/> of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ProductLandscape> StartAsync(ProductLandscapeOptions options, string folder, CancellationToken cancellationToken)
    {
        var landscape = new ProductLandscape(options, folder, FreePort.Find());
        await File.WriteAllTextAsync(PortFile(folder), landscape.port.ToString(CultureInfo.InvariantCulture), cancellationToken);
        await landscape.PrepareAsync(cancellationToken);
        await landscape.Node.StartAsync(cancellationToken);
        await Task.WhenAll(options.Sources.Values.Select(domain => landscape.HookAsync(domain, cancellationToken)));
        return landscape;
    }

    /// <summary>Finds what an earlier process started with <see cref="ProductLandscapeOptions.Lasting"/>.</summary>
    public static ProductLandscape Attach(ProductLandscapeOptions options, string folder) =>
        new(options, folder, int.Parse(File.ReadAllText(PortFile(folder)), CultureInfo.InvariantCulture));

    /// <summary>Starts what does not run.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        foreach (var process in Edges.Values.Prepend(Node).Where(process => !process.IsRunning)) await process.StartAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var edge in Edges.Values) await edge.DisposeAsync();
        await Node.DisposeAsync();
    }

    private static string PortFile(string folder) => Path.Combine(folder, "port");

    private string CaptureFile(SambaDomainController controller) => Path.Combine(EdgeFolder(controller), "capture.conf");

    // One DC of a domain after the other: while one is down, the other is there to replicate with.
    private async Task HookAsync(SambaDomain domain, CancellationToken cancellationToken)
    {
        foreach (var controller in domain.Controllers)
        {
            await Edges[controller].StartAsync(cancellationToken);
            var captureFile = CaptureFile(controller);
            await Eventually.HoldsAsync("the capture file", LabServer.StartBound, _ => Task.FromResult(File.Exists(captureFile)), cancellationToken);
            await controller.ReconfigureAsync(controller.Settings with { CheckPasswordScript = $"{ProductBuild.SambaHelper} {captureFile}" }, cancellationToken);
        }
    }

    private ProductProcess MakeNode() => new("the sync server", Command(ProductBuild.SyncNode, Path.Combine(NodeFolder, "node.json"), Path.Combine(folder, "node.log")), new IPEndPoint(IPAddress.Loopback, port));

    private KeyValuePair<SambaDomainController, ProductProcess> MakeEdge(string source, SambaDomainController controller)
    {
        var edgeFolder = EdgeFolder(controller);
        var socket = new UnixDomainSocketEndPoint(Path.Combine(edgeFolder, "capture.sock"));
        var command = Command(ProductBuild.EdgeNode, Path.Combine(edgeFolder, "edge.json"), Path.Combine(folder, $"{controller.FullName}.log"));
        return KeyValuePair.Create(controller, new ProductProcess($"the edge of {source}/{controller.FullName}", command, socket));
    }

    private ServerCommand Command(string program, string configuration, string logFile) =>
        new(program, ["run", "--config", configuration], logFile) { Environment = ProductBuild.Environment, OutlivesThisProcess = options.Lasting };

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(NodeFolder);
        await WriteAsync(Path.Combine(NodeFolder, "node.json"), NodeSettings(), cancellationToken);
        await WriteAsync(Path.Combine(NodeFolder, "scopes.json"), Scopes(), cancellationToken);
        await WriteAsync(Path.Combine(NodeFolder, "points.json"), Points(), cancellationToken);
        await RunAsync(ProductBuild.SyncNode, ["init", "--config", Path.Combine(NodeFolder, "node.json")], cancellationToken);
        await QuickAuthorityKey.MakeAsync(Path.Combine(NodeFolder, "data", "ca.key"), Passphrase, cancellationToken);
        foreach (var (name, domain) in options.Sources)
        {
            await EdgeAccount.MakeAsync(domain, cancellationToken);
            foreach (var controller in domain.Controllers) await EnrolAsync(name, controller, cancellationToken);
        }
    }

    /// <summary>Writes the secrets that configurations refer to. Call it before the points are described.</summary>
    public static async Task WriteSecretsAsync(string folder, CancellationToken cancellationToken)
    {
        var secrets = Directory.CreateDirectory(SecretsFolder(folder)).FullName;
        await File.WriteAllTextAsync(Path.Combine(secrets, "passphrase"), Passphrase, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(secrets, "domain-administrator"), SambaDomain.AdministratorPassword, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(secrets, "edge-directory"), EdgeAccount.Password, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(secrets, "directory-synchronisation"), OpenLdapServer.SynchronisationPassword, cancellationToken);

        // As an installation has them: doctor tells of secrets that others may read.
        foreach (var secret in Directory.GetFiles(secrets)) File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private async Task EnrolAsync(string source, SambaDomainController controller, CancellationToken cancellationToken)
    {
        var edgeFolder = Directory.CreateDirectory(EdgeFolder(controller)).FullName;
        var configuration = Path.Combine(edgeFolder, "edge.json");
        var (request, certificate) = (Path.Combine(edgeFolder, "edge.csr"), Path.Combine(edgeFolder, "edge.pem"));
        await WriteAsync(configuration, EdgeSettings(source, controller), cancellationToken);
        await RunAsync(ProductBuild.EdgeNode, ["request", "--config", configuration, "--out", request], cancellationToken);
        await RunAsync(
            ProductBuild.SyncNode,
            ["sign-edge", "--config", Path.Combine(NodeFolder, "node.json"), "--source", source, "--dc", controller.FullName, "--request", request, "--out", certificate],
            cancellationToken);
    }

    private object NodeSettings() => new
    {
        cluster = Cluster,
        name = "node1",
        data = "data",
        listen = new[] { string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}") },
        admin = new { listen = new[] { "127.0.0.1:0" } },
        advertise = Array.Empty<string>(),
        passphrase = $"file:{Path.Combine(SecretsFolder(folder), "passphrase")}",
        scopes = "scopes.json",
        points = "points.json",
        sources = options.Sources.ToDictionary(source => source.Key, source => new
        {
            servers = source.Value.Controllers.Select(controller => $"{controller.Address}:636"),
            security = "ldaps",
            roots = new[] { source.Value.AuthorityFile },
        }),
        allow = new { endpoints = new[] { "*" }, files = new[] { "*" }, secrets = new[] { $"file:{SecretsFolder(folder)}/*" } },
        recheckDelay = "00:00:03",
        edgeGoneAfter = "00:00:10",
        log = new { level = "debug", folder = "log" },
    };

    // A scope for each point and source, so that points can have accounts of their own.
    private object Scopes() => new
    {
        scopes = from point in options.Points
                 from source in point.Sources
                 select new { name = point.Name, source, baseDn = options.Sources[source].BaseName, filter = point.Filter, points = new[] { point.Name } },
    };

    private object Points() => new
    {
        points = options.Points.Select(point => new
        {
            name = point.Name,
            provider = point.Provider,
            settings = point.Settings,
            attemptTimeout = point.AttemptTimeout.ToString("c", CultureInfo.InvariantCulture),
            retry = new { initialDelay = point.RetryDelay.First.ToString("c", CultureInfo.InvariantCulture), delayMax = point.RetryDelay.Max.ToString("c", CultureInfo.InvariantCulture) },
        }),
    };

    private object EdgeSettings(string source, SambaDomainController controller) => new
    {
        cluster = Cluster,
        source,
        domainController = controller.FullName,
        nodes = new[] { string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{port}/") },
        authority = Path.Combine(NodeFolder, "data", "ca.pem"),
        certificate = "edge.pem",
        key = "edge.key",
        data = "data",
        socket = Path.Combine(EdgeFolder(controller), "capture.sock"),
        drop = "drop",
        captureFile = "capture.conf",
        directory = new
        {
            server = $"{controller.Address}:636",
            security = "ldaps",
            roots = new[] { controller.Domain.AuthorityFile },
            user = controller.Domain.PrincipalNameOf(EdgeAccount.In(controller.Domain)),
            password = $"file:{Path.Combine(SecretsFolder(folder), "edge-directory")}",
        },
        proofBound = options.ProofBound.ToString("c", CultureInfo.InvariantCulture),
        configurationInterval = "00:00:02",
        log = new { level = "debug", folder = "log" },
    };

    private static Task WriteAsync(string path, object content, CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(path, JsonSerializer.Serialize(content, Format), cancellationToken);

    private static async Task RunAsync(string program, string[] arguments, CancellationToken cancellationToken) =>
        (await new ToolRun(program, arguments) { Environment = ProductBuild.Environment }.RunAsync(cancellationToken)).RequireSuccess();
}
