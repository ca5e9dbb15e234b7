using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.EdgeNode;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Providers;
using PasswordSync.SyncNode;
using PasswordSync.SyncNode.Admin;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.Demo;

/// <summary>Everything in one process, in a temporary folder: a domain in memory with an edge, a sync server on SQLite, a user table and a webhook receiver as targets.</summary>
internal sealed class DemoLandscape : IAsyncDisposable
{
    private const string Cluster = "demo";

    private readonly string folder;
    private readonly DemoPoints points;
    private readonly TimeProvider clock = TimeProvider.System;
    private SyncServer? node;
    private EdgeServer? edge;
    private DemoReceiver? receiver;

    private DemoLandscape(string folder, DemoPoints points)
    {
        this.folder = folder;
        this.points = points;
        Users = new DemoUserTable(Path.Combine(folder, "users.db"));
        Hook = new DemoHook(Path.Combine(folder, "capture.conf"), clock);
        Domain = new DemoDomain(Hook.HandOverAsync, clock);
    }

    public DemoDomain Domain { get; }

    public DemoHook Hook { get; }

    public DemoUserTable Users { get; }

    public DemoReceiver Receiver => receiver!;

    /// <summary>What an operator types before a command of <c>pbm</c>.</summary>
    public string Operate => $"pbm {node!.AdminAddresses[0].Authority} --token-file {PathOf(Path.Combine("data", FirstAdministrator.FileName))} --certificate {PathOf(Path.Combine("data", "admin.pem"))}";

    /// <param name="points">The sync points.</param>
    /// <param name="observe">Hears of every decision of the sync server.</param>
    /// <param name="loggers">Makes loggers for node and edge; the caller owns it.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    public static async Task<DemoLandscape> StartAsync(DemoPoints points, Action<IdentityId, IdentityEvent> observe, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var landscape = new DemoLandscape(Directory.CreateTempSubdirectory("pwsync-").FullName, points);
        try
        {
            await landscape.BeginAsync(observe, loggers, cancellationToken).ConfigureAwait(false);
            return landscape;
        }
        catch
        {
            await landscape.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (edge is not null) await edge.DisposeAsync().ConfigureAwait(false);
        if (node is not null) await node.DisposeAsync().ConfigureAwait(false);
        if (receiver is not null) await receiver.DisposeAsync().ConfigureAwait(false);
        Domain.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task BeginAsync(Action<IdentityId, IdentityEvent> observe, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        Users.Create(Domain.People);
        var signingKey = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        receiver = await DemoReceiver.StartAsync(signingKey, cancellationToken).ConfigureAwait(false);
        await WriteFilesAsync(signingKey, cancellationToken).ConfigureAwait(false);
        var nodeConfiguration = NodeConfiguration.Read(PathOf("node.json"));
        node = await SyncServer.StartAsync(nodeConfiguration, ProviderRegistry.BuiltIn, observe, clock, loggers, cancellationToken).ConfigureAwait(false);
        await WriteAsync("edge.json", EdgeSettings(node.Addresses[0]), cancellationToken).ConfigureAwait(false);
        await EnrolAsync(cancellationToken).ConfigureAwait(false);
        var edgeConfiguration = EdgeSettingsFile.Read(PathOf("edge.json"));
        edge = await EdgeServer.StartAsync(edgeConfiguration, Domain, policies: null, filter: null, HookKind.BeforeCommit, EdgeCertificates.Open(edgeConfiguration, clock.GetUtcNow()), clock, loggers, cancellationToken).ConfigureAwait(false);
        await WaitForCaptureFileAsync(cancellationToken).ConfigureAwait(false);
    }

    // The edge writes the file when it has its first configuration from the node.
    private async Task WaitForCaptureFileAsync(CancellationToken cancellationToken)
    {
        while (!File.Exists(PathOf("capture.conf")))
        {
            if (edge!.Completion.IsCompleted) await edge.Completion.ConfigureAwait(false);
            await Task.Delay(TimeSpan.FromMilliseconds(20), clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task EnrolAsync(CancellationToken cancellationToken)
    {
        var passphrase = await File.ReadAllBytesAsync(PathOf("passphrase"), cancellationToken).ConfigureAwait(false);
        using var authority = await ClusterAuthority.OpenOrCreateAsync(PathOf("data"), Cluster, passphrase, clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=edge", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var certificate = authority.SignEdge(request, new PeerName.Edge(Cluster, new SourceId(DemoDomain.Name), DemoDomain.DomainController), clock.GetUtcNow());
        await PrivateFile.WriteAsync(PathOf("edge.key"), key.ExportPkcs8PrivateKeyPem(), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(PathOf("edge.pem"), certificate.ExportCertificatePem(), cancellationToken).ConfigureAwait(false);
    }

    private async Task WriteFilesAsync(string signingKey, CancellationToken cancellationToken)
    {
        await PrivateFile.WriteAsync(PathOf("passphrase"), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), cancellationToken).ConfigureAwait(false);
        await PrivateFile.WriteAsync(PathOf("signing-key"), signingKey, cancellationToken).ConfigureAwait(false);
        await WriteAsync("node.json", NodeSettings(), cancellationToken).ConfigureAwait(false);
        await WriteAsync("scopes.json", new { scopes = new[] { new { name = "everybody", source = DemoDomain.Name, baseDn = DemoDomain.BaseDn, points = points.Names } } }, cancellationToken).ConfigureAwait(false);
        await WriteAsync("points.json", points.Settings(PathOf("users.db"), Receiver.Address, $"file:{PathOf("signing-key")}"), cancellationToken).ConfigureAwait(false);
    }

    private object NodeSettings() => new
    {
        cluster = Cluster,
        name = "demo",
        data = "data",
        listen = new[] { "127.0.0.1:0" },
        admin = new { listen = new[] { "127.0.0.1:0" } },
        advertise = Array.Empty<string>(),
        passphrase = "file:passphrase",
        scopes = "scopes.json",
        points = "points.json",
        sources = new Dictionary<string, object> { [DemoDomain.Name] = new { servers = new[] { "127.0.0.1:636" }, security = "ldaps" } },
        allow = points.HasTried
            ? new { endpoints = (string[])["*"], files = (string[])["*"], secrets = (string[])["*"], programs = (string[])["*"] }
            : new { endpoints = (string[])["*"], files = (string[])[folder + "*"], secrets = (string[])[$"file:{folder}*"], programs = (string[])[] },
    };

    private object EdgeSettings(Uri address) => new
    {
        cluster = Cluster,
        source = DemoDomain.Name,
        domainController = DemoDomain.DomainController,
        nodes = new[] { address },
        authority = "data/ca.pem",
        certificate = "edge.pem",
        key = "edge.key",
        data = "edge",
        socket = OperatingSystem.IsWindows() ? Path.GetFileName(folder) : PathOf("capture.sock"),
        drop = "drop",
        captureFile = "capture.conf",
        filterHost = OperatingSystem.IsWindows() ? Environment.ProcessPath : null,
        directory = new { server = "127.0.0.1:636", security = "ldaps" },
        proofBound = "00:00:02",
    };

    private string PathOf(string name) => Path.Combine(folder, name);

    private Task WriteAsync(string name, object content, CancellationToken cancellationToken) => File.WriteAllTextAsync(PathOf(name), JsonSerializer.Serialize(content), cancellationToken);
}
