using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Stamps;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Providers;
using PasswordSync.Providers.Memory;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;
using PasswordSync.SyncNode;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.Nodes.Tests.Support;

/// <summary>A real sync server, listening on loopback, with memory targets, and an edge's certificate to talk to it.</summary>
internal sealed partial class TestNode : IAsyncDisposable
{
    public const string Cluster = "test";
    public const string DomainController = "dc1.alpha.test";
    public static readonly SourceId Source = new("alpha");
    public static readonly byte[] Passphrase = "a passphrase for tests"u8.ToArray();

    private TaskCompletionSource eventCame = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TestNode(string folder, TimeProvider clock)
    {
        Folder = folder;
        Clock = clock;
    }

    public string Folder { get; }

    public TimeProvider Clock { get; }

    public SyncServer Server { get; private set; } = null!;

    public HttpClient Edge { get; private set; } = null!;

    /// <summary>All that the node logged, over all its starts.</summary>
    public LogLines Log { get; } = new();

    public ConcurrentQueue<(IdentityId Identity, IdentityEvent Event)> Events { get; } = new();

    /// <summary>Starts a node whose points are the given memory targets, one each, all in the scope "staff"; on SQLite unless told otherwise; bound to nodes with a label, which this one does not have, and to a rate, if they are given.</summary>
    public static async Task<TestNode> StartAsync(IReadOnlyDictionary<string, MemoryTarget> targets, CancellationToken cancellationToken, MemoryScript? script = null, string? folder = null, object? database = null, object? retry = null, TimeProvider? clock = null, string? boundTo = null, object? rate = null)
    {
        folder ??= Directory.CreateTempSubdirectory("passwordsync-node-").FullName;
        var node = new TestNode(folder, clock ?? TimeProvider.System);
        await WriteConfigurationAsync(folder, [.. targets.Keys], database ?? new { kind = "sqlite" }, retry ?? new { initialDelay = "00:00:00.050", delayMax = "00:00:00.200" }, cancellationToken, boundTo, rate);
        await TestAuthority.PutAsync(Path.Combine(folder, "data"), cancellationToken);
        await node.StartServerAsync(targets, script, cancellationToken);
        node.Edge = await node.ConnectAsync(new PeerName.Edge(Cluster, Source, DomainController), cancellationToken);
        return node;
    }

    /// <summary>Waits until an event fits; fails with all events seen when the test is cancelled.</summary>
    public async Task<T> WaitForAsync<T>(Func<T, bool> fits, CancellationToken cancellationToken)
        where T : IdentityEvent
    {
        while (true)
        {
            var next = Volatile.Read(ref eventCame).Task;
            if (Events.Select(entry => entry.Event).OfType<T>().FirstOrDefault(fits) is { } found) return found;
            try
            {
                await next.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"No fitting {typeof(T).Name} among:{Environment.NewLine}{string.Join(Environment.NewLine, Events.Select(entry => entry.Event))}");
            }
        }
    }

    public async Task<EdgeConfiguration> FetchConfigurationAsync(CancellationToken cancellationToken) =>
        (await Edge.GetFromJsonAsync(EdgeConfiguration.Path, IntakeJson.Default.EdgeConfiguration, cancellationToken))!;

    /// <summary>Seals a capture as the filter would, to the key that the node publishes.</summary>
    public Task<ConfirmedCapture> CaptureAsync(string user, string password, uint version, CancellationToken cancellationToken) =>
        CaptureAsync(user, password, version, hookName: user, hookRid: 0, cancellationToken);

    /// <summary>As above, with what the hook gave as name and RID; the account's own RID is 1104.</summary>
    public async Task<ConfirmedCapture> CaptureAsync(string user, string password, uint version, string hookName, uint hookRid, CancellationToken cancellationToken)
    {
        var configuration = await FetchConfigurationAsync(cancellationToken);
        if (!PublicSealingKey.TryParse(configuration.SealingKeys[0].PublicKey, out var key)) throw new InvalidOperationException("The node published no key.");
        var (id, now) = (Guid.NewGuid(), Clock.GetUtcNow());
        var description = new EnvelopeDescription(id, now, hookRid, Cluster, Source.Value, DomainController, hookName);
        var envelope = EnvelopeSealer.Seal(description, key!, PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(password));
        var names = new AccountNames($"CN={user},DC=alpha,DC=test", user, $"{user}@alpha.test", null) { ObjectSid = "S-1-5-21-1-2-3-1104" };
        var stamp = new ProvenStamp(version, Stamp.ToOriginatingSecond(now), new Guid("aaaaaaaa-0000-0000-0000-000000000001"));
        return new ConfirmedCapture(new CaptureId(id), GuidOf(user), stamp, names, ["staff"], now, now, now, envelope);
    }

    public static Guid GuidOf(string user) => new(SHA256.HashData(Encoding.UTF8.GetBytes(user)).AsSpan(0, 16));

    public Task<IntakeAnswer> SendAsync(CancellationToken cancellationToken, params ImmutableArray<IntakeItem> items) => SendAsync(Edge, Source, DomainController, items, cancellationToken);

    public static async Task<IntakeAnswer> SendAsync(HttpClient client, SourceId source, string controller, ImmutableArray<IntakeItem> items, CancellationToken cancellationToken)
    {
        using var response = await client.PostAsJsonAsync(IntakeBatch.Path, new IntakeBatch(source, controller, "test", items), IntakeJson.Default.IntakeBatch, cancellationToken);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync(IntakeJson.Default.IntakeAnswer, cancellationToken))!;
    }

    /// <summary>An HTTPS client with a certificate that the cluster's authority signed for the given edge, now or earlier.</summary>
    public async Task<HttpClient> ConnectAsync(PeerName.Edge name, CancellationToken cancellationToken, TimeSpan? ago = null)
    {
        using var authority = await ClusterAuthority.OpenOrCreateAsync(Path.Combine(Folder, "data"), Cluster, Passphrase, Clock.GetUtcNow(), cancellationToken);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=edge", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var signed = authority.SignEdge(request, name, Clock.GetUtcNow() - (ago ?? TimeSpan.Zero));
        var root = X509CertificateLoader.LoadCertificate(authority.Certificate.RawData);
        var handler = new SocketsHttpHandler { Expect100ContinueTimeout = Timeout.InfiniteTimeSpan };
        handler.SslOptions.ClientCertificates = [signed.CopyWithPrivateKey(key)];
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            certificate is X509Certificate2 peer && PeerTrust.TryIdentify(peer, root, Cluster, Clock.GetUtcNow(), out var identified, out _) && identified is PeerName.Node;
        return new HttpClient(handler) { BaseAddress = Server.Addresses[0] };
    }

    /// <summary>Ends the node and starts another on the same folder.</summary>
    public async Task RestartAsync(IReadOnlyDictionary<string, MemoryTarget> targets, MemoryScript? script, CancellationToken cancellationToken)
    {
        Edge.Dispose();
        await Server.DisposeAsync();
        await StartServerAsync(targets, script, cancellationToken);
        Edge = await ConnectAsync(new PeerName.Edge(Cluster, Source, DomainController), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Edge?.Dispose();
        if (Server is not null) await Server.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private Task StartServerAsync(IReadOnlyDictionary<string, MemoryTarget> targets, MemoryScript? script, CancellationToken cancellationToken) =>
        StartServerAsync(new ProviderRegistry([new MemoryProviderFactory(targets, script)]), cancellationToken);

    private async Task StartServerAsync(ProviderRegistry registry, CancellationToken cancellationToken)
    {
        var configuration = NodeConfiguration.Read(Path.Combine(Folder, "node.json"));

        // A busy machine may let a node stand still for longer than a person would wait for an answer.
        configuration.AskTimeout = TimeSpan.FromMinutes(2);
        Server = await SyncServer.StartAsync(configuration, registry, Observe, Clock, Log, cancellationToken);
    }

    private void Observe(IdentityId identity, IdentityEvent happened)
    {
        Events.Enqueue((identity, happened));
        Interlocked.Exchange(ref eventCame, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    /// <summary>Writes the three files of a node.</summary>
    public static async Task WriteConfigurationAsync(string folder, ImmutableArray<string> points, object database, object retry, CancellationToken cancellationToken, string? boundTo = null, object? rate = null)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "passphrase"), Encoding.UTF8.GetString(Passphrase), cancellationToken);
        var node = new
        {
            cluster = Cluster,
            name = "node1",
            data = "data",
            listen = new[] { "127.0.0.1:0" },
            admin = new { listen = new[] { "127.0.0.1:0" } },
            advertise = Array.Empty<string>(),
            passphrase = "file:passphrase",
            scopes = "scopes.json",
            points = "points.json",
            sources = new Dictionary<string, object> { ["alpha"] = new { servers = new[] { "127.0.0.1:1" }, security = "ldaps" } },
            database,
            allow = new { endpoints = new[] { "*" }, files = new[] { "*" }, secrets = new[] { "*" }, programs = new[] { "*" } },
        };
        var scopes = new { scopes = new[] { new { name = "staff", source = "alpha", baseDn = "DC=alpha,DC=test", points } } };
        var pointsFile = new { points = points.Select(name => new { name, provider = "memory", settings = new { target = name }, retry, nodes = boundTo is null ? Array.Empty<string>() : [boundTo], rate }) };
        await File.WriteAllTextAsync(Path.Combine(folder, "node.json"), JsonSerializer.Serialize(node), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "scopes.json"), JsonSerializer.Serialize(scopes), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "points.json"), JsonSerializer.Serialize(pointsFile), cancellationToken);
    }
}
