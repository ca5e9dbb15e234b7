using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Secrets;
using PasswordSync.Core.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Settings;
using PasswordSync.Journal;
using PasswordSync.Journal.Postgres;
using PasswordSync.Ldap;
using PasswordSync.Providers;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.SyncNode.Audit;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Deliveries.Remote;
using PasswordSync.SyncNode.Enrolment;
using PasswordSync.SyncNode.Intake;
using PasswordSync.SyncNode.Keys;
using PasswordSync.SyncNode.Metrics;
using PasswordSync.SyncNode.Settings;
using PasswordSync.SyncNode.Sources;

namespace PasswordSync.SyncNode;

/// <summary>What a node owns on disk and towards the outside: database, keys, certificates, providers. Opened together, closed together.</summary>
internal sealed partial class NodeParts : IAsyncDisposable
{
    /// <summary>How often secrets that are too old are swept.</summary>
    public static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private const int SweepMax = 1_000;

    /// <summary>The shortest passphrase, in bytes. As the key ring has it; checked before anything is made with the passphrase.</summary>
    public const int PassphraseBytesMin = 12;

    private readonly SecretReferences references;
    private readonly ILogger logger;
    private ClusterPeers? members;

    private NodeParts(NodeConfiguration configuration, SecretReferences references, TimeProvider clock, ILogger logger)
    {
        Configuration = configuration;
        Clock = new DatabaseClock(clock);
        Reports = new EdgeReports(clock);
        Registrations = new RegistrationKeys(configuration.DataFolder, clock);
        Commands = new CommandRecords(configuration.DataFolder);
        this.references = references;
        this.logger = logger;
    }

    public NodeConfiguration Configuration { get; }

    /// <summary>The clock that all nodes of the cluster share; of one node alone its machine's.</summary>
    public DatabaseClock Clock { get; }

    public IStore Store { get; private set; } = null!;

    public KeyRingStore KeyRing { get; private set; } = null!;

    public NodeCredentials Credentials { get; private set; } = null!;

    /// <summary>The way to other nodes.</summary>
    public PeerConnections Connections { get; private set; } = null!;

    /// <summary>What the node counts and times.</summary>
    public NodeMetrics Metrics { get; } = new();

    /// <summary>What edges told of themselves.</summary>
    public EdgeReports Reports { get; }

    /// <summary>The registration keys that were made here.</summary>
    public RegistrationKeys Registrations { get; }

    /// <summary>What commands did beside the node, on its way into the audit.</summary>
    public CommandRecords Commands { get; }

    public X509Certificate2 AdminCertificate { get; private set; } = null!;

    public ImmutableDictionary<PointSettings, IProvider> Providers { get; private set; } = ImmutableDictionary<PointSettings, IProvider>.Empty;

    public ImmutableDictionary<SourceId, SourceServers> Sources { get; private set; } = ImmutableDictionary<SourceId, SourceServers>.Empty;

    /// <summary>What reads the sources that have a bind account.</summary>
    public SourceReaders Readers { get; private set; } = null!;

    /// <summary>What operators ask of the targets that this node may reach.</summary>
    public TargetQuestions Questions => new(Providers, new PolicyChecks(Configuration, Readers));

    /// <summary>A key is kept as long as a capture sealed to it may wait, and an edge may take to learn of the next.</summary>
    public KeyRotation Rotation => new(Configuration.Node.MaximumAge + Configuration.Node.KeyRotation) { Interval = Configuration.Node.KeyRotation };

    public static async Task<NodeParts> OpenAsync(NodeConfiguration configuration, ProviderRegistry registry, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var allow = new NodeAllowList(configuration.Node.Allow.Endpoints, configuration.Node.Allow.Files, configuration.Node.Allow.Secrets) { Programs = configuration.Node.Allow.Programs };
        var parts = new NodeParts(configuration, new SecretReferences(allow), clock, loggers.CreateLogger<NodeParts>());
        try
        {
            PrivateFile.EnsureFolder(configuration.DataFolder);
            parts.Commands.EnsureFolder();
            if (parts.SignsByTheTimeOfSharedDatabase && !File.Exists(parts.KeyRingFile) && configuration.Node.Join.IsEmpty)
            {
                parts.Store = await NodeStore.OpenAsync(configuration, parts.Clock, loggers, cancellationToken).ConfigureAwait(false);
                await parts.RefuseKnownDatabaseAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (parts.SignsByTheTimeOfSharedDatabase)
            {
                // Only the time: opening brings the schema to this version, which nobody wants of a node whose settings turn out to be wrong.
                await NodeStore.SetClockAsync(configuration, parts.Clock, loggers, cancellationToken).ConfigureAwait(false);
            }

            using (var passphrase = await parts.ReadPassphraseAsync(cancellationToken).ConfigureAwait(false)) await passphrase.WithUtf8Async(bytes => parts.OpenKeysAsync(bytes, cancellationToken)).ConfigureAwait(false);
            parts.Providers = parts.CreateProviders(registry, allow, loggers);
            parts.Sources = await parts.ReadSourcesAsync(cancellationToken).ConfigureAwait(false);
            parts.Readers = SourceReaders.Create(configuration, parts.Sources, parts.Clock);
            parts.Store ??= await NodeStore.OpenAsync(configuration, parts.Clock, loggers, cancellationToken).ConfigureAwait(false);
            return parts;
        }
        catch
        {
            await parts.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The nodes of the cluster.</summary>
    public ClusterPeers Members => members ??= new ClusterPeers(Store.Members, Configuration.Node.Name, Clock);

    /// <summary>The other nodes of the cluster that live.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    public ValueTask<ImmutableArray<Peer>> OthersAsync(CancellationToken cancellationToken) => Members.OthersAsync(cancellationToken);

    /// <summary>The passphrase that wraps the keys; the caller disposes it.</summary>
    /// <exception cref="SettingsException">It cannot be had.</exception>
    public ValueTask<Secret> ReadPassphraseAsync(CancellationToken cancellationToken) => ReadPassphraseAsync(Configuration, cancellationToken);

    /// <summary>As above, without opening anything else. The passphrase's own reference needs no place on the allow-list: whoever writes the node's file runs the node.</summary>
    public static ValueTask<Secret> ReadPassphraseAsync(NodeConfiguration configuration, CancellationToken cancellationToken) =>
        ResolveAsync(configuration, "passphrase", configuration.Node.Passphrase, cancellationToken);

    /// <summary>A reference of the node's own file: paths are relative to it, and the allow-list does not hold for it. The caller disposes the secret.</summary>
    public static async ValueTask<Secret> ResolveAsync(NodeConfiguration configuration, string key, string reference, CancellationToken cancellationToken)
    {
        if (SecretReference.FileOf(reference) is { } file) reference = SecretReference.FilePrefix + configuration.PathOf(file);
        return await new SecretReferences(NodeAllowList.Everything).ResolveAsync(reference, cancellationToken).ConfigureAwait(false) switch
        {
            SecretResolution.Resolved resolved => resolved.Secret,
            SecretResolution.Refused refused => throw new SettingsException(configuration.File, [new SettingFault(key, "", refused.Reason)]),
            var other => throw new InvalidOperationException($"Internal error: unknown resolution {other.GetType().Name}."),
        };
    }

    /// <summary>Lets another node sign this one's next certificate.</summary>
    /// <exception cref="HttpRequestException">None did; the message has each one's answer.</exception>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    public async Task RenewCertificateAsync(CancellationToken cancellationToken)
    {
        var nodes = (await OthersAsync(cancellationToken).ConfigureAwait(false)).SelectMany(peer => peer.Addresses).ToList();
        using var passphrase = await ReadPassphraseAsync(cancellationToken).ConfigureAwait(false);
        await passphrase.WithUtf8Async(async bytes =>
        {
            await Credentials.RenewAsync(Connections.To(""), nodes, bytes, Clock, cancellationToken).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
    }

    public async Task SweepOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            var swept = await Store.Secrets.SweepAsync(Clock.GetUtcNow(), SweepMax, cancellationToken).ConfigureAwait(false);
            if (swept > 0) LogSwept(swept);
        }
        catch (StorageUnavailableException failure)
        {
            LogNotSwept(failure.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            foreach (var provider in Providers.Values) await provider.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            if (Readers is not null) await Readers.DisposeAsync().ConfigureAwait(false);
            if (Store is not null) await Store.DisposeAsync().ConfigureAwait(false);
            KeyRing?.Dispose();
            AdminCertificate?.Dispose();
            Connections?.Dispose();
            Credentials?.Dispose();
            Metrics.Dispose();
            Registrations.Dispose();
        }
    }

    private string KeyRingFile => Path.Combine(Configuration.DataFolder, "keys.ring");

    // Who has the authority, or makes it, signs the node's own certificate at the start, and nodes judge certificates by the database's time: that must be known by then.
    private bool SignsByTheTimeOfSharedDatabase => Configuration.Node.Database.Kind != "sqlite" && (Configuration.Node.Join.IsEmpty || ClusterAuthority.IsIn(Configuration.DataFolder));

    // A second authority and a second key ring over one database would be two clusters that cannot open each other's passwords.
    private async Task RefuseKnownDatabaseAsync(CancellationToken cancellationToken)
    {
        var known = await Store.Members.ListAsync(cancellationToken).ConfigureAwait(false);
        if (known.IsEmpty) return;
        var names = string.Join(", ", known.Select(member => member.Node.Name));
        throw new SettingsException(
            Configuration.File,
            [new SettingFault("join", "", $"the database belongs to a cluster already (nodes {names}), and {KeyRingFile} is not here: name addresses of its nodes to get the keys from; or, if this node made the cluster, bring its data folder back.")]);
    }

    private async Task<bool> OpenKeysAsync(ReadOnlyMemory<byte> passphrase, CancellationToken cancellationToken)
    {
        var node = Configuration.Node;
        if (passphrase.Length < PassphraseBytesMin) throw new SettingsException(Configuration.File, [new SettingFault("passphrase", SettingFault.NotShown, $"the reference leads to {passphrase.Length} bytes: use {PassphraseBytesMin} or more.")]);
        try
        {
            Credentials = await NodeCredentials.OpenAsync(Configuration, Hosts(), passphrase, Clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
            Connections = new PeerConnections(Credentials, node.Cluster, Clock);
            AdminCertificate = await Admin.AdminCertificate.OpenAsync(Configuration.DataFolder, node.Name, [.. Hosts(), "localhost", "127.0.0.1"], passphrase, Clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        }
        catch (CryptographicException)
        {
            throw new SettingsException(Configuration.File, [new SettingFault("passphrase", SettingFault.NotShown, $"the keys in {Configuration.DataFolder} do not open with it: let the reference lead to the passphrase that they were made with, or bring undamaged files back.")]);
        }

        var path = KeyRingFile;
        if (!File.Exists(path) && File.Exists(NodeStore.FileOf(Configuration)))
        {
            throw new SettingsException(Configuration.File, [new SettingFault("data", path, "the key ring is missing beside an existing database; a new one could open nothing that is stored. Bring it back, or, if it is lost, move the database away too.")]);
        }

        var opening = File.Exists(path)
            ? await KeyRingStore.OpenAsync(path, node.Cluster, passphrase, cancellationToken).ConfigureAwait(false)
            : node.Join.IsEmpty
            ? await KeyRingStore.CreateAsync(path, node.Cluster, passphrase, Clock.GetUtcNow(), cancellationToken).ConfigureAwait(false)
            : await KeyRingStore.CreateAsync(path, await new KeyJoining(Configuration, Connections).FetchAsync(cancellationToken).ConfigureAwait(false), passphrase, cancellationToken).ConfigureAwait(false);
        KeyRing = opening.Store ?? throw new SettingsException(Configuration.File, [new SettingFault("data", path, $"{opening.Refusal}")]);
        return true;
    }

    private IEnumerable<string> Hosts() =>
        from text in Configuration.Node.Advertise.Select(address => new Uri(address).Host)
            .Concat(from address in Configuration.Node.Listen where ListenAddress.TrySplit(address, out _, out _) select address[..address.LastIndexOf(':')].Trim('[', ']'))
        select text == "*" ? "localhost" : text;

    private ImmutableDictionary<PointSettings, IProvider> CreateProviders(ProviderRegistry registry, NodeAllowList allow, ILoggerFactory loggers)
    {
        var made = ImmutableDictionary.CreateBuilder<PointSettings, IProvider>();
        var faults = new List<SettingFault>();
        foreach (var (point, index) in Configuration.Points.Select((point, index) => (point, index)))
        {
            if (!Configuration.MayRun(point))
            {
                // Not even its settings are looked at: what they refer to may be at the other nodes only.
                made.Add(point, new RemoteProvider(new SyncPointId(point.Name), point.Nodes, OthersAsync, Connections, Clock));
                continue;
            }

            var context = new ProviderContext(new SyncPointId(point.Name), Clock, loggers, references, allow, source => Configuration.Node.Sources.TryGetValue(source.Value, out var known) ? known.Generation : 0)
            {
                ClusterRates = Configuration.Node.Database.Kind == "postgres" ? () => Store.Rates : null,
            };
            switch (registry.Create(point.Provider, NodeConfiguration.Flatten(point.Settings), context))
            {
                case ProviderCreation.Created created:
                    made.Add(point, created.Provider);
                    break;
                case ProviderCreation.Refused refused:
                    faults.AddRange(refused.Faults.Select(fault => fault with { Key = fault.Key == "provider" ? $"points[{index}].provider" : $"points[{index}].settings.{fault.Key}" }));
                    break;
            }
        }

        return faults.Count == 0 ? made.ToImmutable() : throw new SettingsException(Configuration.PathOf(Configuration.Node.Points), faults);
    }

    private async Task<ImmutableDictionary<SourceId, SourceServers>> ReadSourcesAsync(CancellationToken cancellationToken)
    {
        var read = ImmutableDictionary.CreateBuilder<SourceId, SourceServers>();
        foreach (var (name, settings) in Configuration.Node.Sources)
        {
            var options = new LdapOptions
            {
                Security = settings.Security == "startTls" ? LdapSecurity.StartTls : LdapSecurity.Ldaps,
                Trust = settings.Roots.IsEmpty ? LdapTrust.SystemStore : await SettingsFile.UseAsync(Configuration.File, $"sources.{name}.roots", string.Join(", ", settings.Roots),
                    "name PEM files with certificates of the authorities that the domain controllers' come from, or leave roots out for the system's.",
                    () => LdapTrust.FromPemFilesAsync([.. settings.Roots.Select(Configuration.PathOf)], cancellationToken)).ConfigureAwait(false),
            };
            read.Add(new SourceId(name), new SourceServers([.. settings.Servers.Select(server => LdapServer.Parse(server, LdapServer.DefaultTlsPort))], options)
            {
                Reader = settings is { BindName: { } bindName, BindPassword: { } bindPassword } ? token => ReadCredentialAsync(name, bindName, bindPassword, token) : null,
                OldPasswordPeriod = settings.OldPasswordPeriod,
            });
        }

        return read.ToImmutable();
    }

    private async ValueTask<LdapCredential> ReadCredentialAsync(string source, string bindName, string reference, CancellationToken cancellationToken)
    {
        using var password = await ResolveAsync(Configuration, $"sources.{source}.bindPassword", reference, cancellationToken).ConfigureAwait(false);
        return password.WithUtf8(bytes => new SimpleCredential(bindName, bytes.Span));
    }

    [LoggerMessage(4501, LogLevel.Warning, "{Count} secrets were older than the maximum age and are destroyed.")]
    private partial void LogSwept(int count);

    [LoggerMessage(4502, LogLevel.Warning, "Old secrets could not be swept: {Reason}")]
    private partial void LogNotSwept(string reason);
}
