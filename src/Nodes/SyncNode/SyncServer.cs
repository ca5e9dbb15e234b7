using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using PasswordSync.Actors;
using PasswordSync.Actors.Delivering;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting;
using PasswordSync.Providers;
using PasswordSync.Providers.Execution;
using PasswordSync.SyncNode.Admin;
using PasswordSync.SyncNode.Audit;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Cluster.Requests;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Deliveries.Remote;
using PasswordSync.SyncNode.Enrolment;
using PasswordSync.SyncNode.Intake;
using PasswordSync.SyncNode.Keys;
using PasswordSync.SyncNode.Metrics;
using PasswordSync.SyncNode.Operations;
using PasswordSync.SyncNode.Settings;
using PasswordSync.SyncNode.Sources;

namespace PasswordSync.SyncNode;

/// <summary>One sync server, put together from its rooms. Begun by <see cref="StartAsync"/>, ended by <see cref="DisposeAsync"/>, which loses nothing.</summary>
public sealed partial class SyncServer : IAsyncDisposable
{
    private readonly NodeParts parts;
    private readonly WebApplication web;
    private readonly SyncEngine engine;
    private readonly ILogger logger;
    private readonly CancellationTokenSource ending = new();
    private readonly Task[] running;
    private readonly Task verifying;
    private readonly NodeMonitoring monitoring;
    private AdminFace? admin;
    private int disposed;

    private SyncServer(NodeParts parts, WebApplication web, SyncEngine engine, IEnumerable<Func<CancellationToken, Task>> loops, PointMending mending, ILoggerFactory loggers)
    {
        logger = loggers.CreateLogger<SyncServer>();
        this.parts = parts;
        this.web = web;
        this.engine = engine;
        var replication = new ReplicationWatch(parts.Store.Replication, parts.Configuration.Node.Database.RequireSynchronousStandby, parts.Clock, loggers.CreateLogger<ReplicationWatch>());
        Health = new NodeHealth(engine, parts.Store.Operations.Queries, replication, () => Volatile.Read(ref disposed) != 0 ? null : Completion);
        monitoring = NodeMonitoring.Start(parts, engine, Health, loggers);
        running =
        [
            replication.RunAsync(ending.Token), engine.RunAsync(ending.Token), SweepAsync(ending.Token), mending.RunAsync(engine.Identities, engine.Ownership, ending.Token), monitoring.RunAsync(ending.Token),
            new CertificateWatch(parts.Credentials, parts.RenewCertificateAsync, parts.Clock, loggers.CreateLogger<CertificateWatch>()).RunAsync(ending.Token), .. loops.Select(loop => loop(ending.Token)),
        ];
        Completion = Task.WhenAny(running).Unwrap();
        verifying = new PointVerification(parts.Providers, new PolicyChecks(parts.Configuration, parts.Readers), mending, loggers.CreateLogger<PointVerification>()).RunAsync(ending.Token);
    }

    /// <summary>The addresses that the node listens on, with the ports it got.</summary>
    public ImmutableArray<Uri> Addresses { get; private init; }

    /// <summary>The addresses on which it listens to operators; empty if it does not.</summary>
    public IReadOnlyList<Uri> AdminAddresses => admin?.Addresses ?? [];

    /// <summary>What the node does for identities, to ask.</summary>
    public SyncEngine Engine => engine;

    /// <summary>What is wrong with the node as a whole.</summary>
    internal NodeHealth Health { get; }

    /// <summary>Ends as soon as a part of the node has ended, with its failure if it broke for good.</summary>
    public Task Completion { get; }

    /// <summary>Ends when an operator lets this node leave: dispose it then.</summary>
    public Task LeaveRequested { get; private init; } = Task.CompletedTask;

    /// <summary>How long requests of edges and other nodes that are under way at a stop may take to end; they send again what was cut off. Default 5 s.</summary>
    internal TimeSpan RequestsEndWithin { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Starts a node.</summary>
    /// <param name="configuration">The checked configuration.</param>
    /// <param name="registry">The kinds of providers.</param>
    /// <param name="observe">Hears of every journalled event; must be quick.</param>
    /// <param name="clock">The machine's clock; <see cref="MachineClock"/>, so that a suspended machine writes nothing after a deadline.</param>
    /// <param name="loggers">Makes loggers.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    public static async Task<SyncServer> StartAsync(
        NodeConfiguration configuration, ProviderRegistry registry, Action<IdentityId, IdentityEvent> observe, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var log = new LogRing(clock);
        loggers = log.Around(loggers);
        var logger = loggers.CreateLogger<SyncServer>();
        var parts = await NodeParts.OpenAsync(configuration, registry, clock, loggers, cancellationToken).ConfigureAwait(false);
        clock = parts.Clock;
        SyncEngine? engine = null;
        WebApplication? web = null;
        SyncServer? server = null;
        try
        {
            var version = await parts.Store.Configurations.PublishAsync(Describe(configuration), clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
            var envelopes = new EnvelopeReader(parts.Store.Secrets, parts.KeyRing, configuration.Node.Cluster);
            var settler = new BindSettler(parts.Store.Secrets, envelopes, parts.Sources.GetValueOrDefault, clock, loggers.CreateLogger<BindSettler>());
            var decisions = new DecisionLog(loggers.CreateLogger<DecisionLog>());
            var switchboard = new PointSwitchboard(parts.Store.Operations.Points, configuration, clock, loggers.CreateLogger<PointSwitchboard>());
            await switchboard.ApplyAsync(engine: null, cancellationToken).ConfigureAwait(false);
            var mending = new PointMending(parts.Store.Operations.Queries.ListPendingAsync, configuration.Points.Select(point => new SyncPointId(point.Name)), clock, loggers.CreateLogger<PointMending>());
            var ports = new SyncEnginePorts(
                parts.Store.Journal, parts.Store.Inbox, parts.Store.PendingWork, parts.Store.Leases, switchboard, settler, () => configuration.Rules, (identity, happened) =>
                {
                    decisions.Write(identity, happened);
                    parts.Metrics.Count(happened);
                    mending.Observe(happened);
                    observe(identity, happened);
                });
            var options = new SyncEngineOptions(new NodeId(configuration.Node.Name, Guid.NewGuid())) { MeterScope = parts.Metrics.Scope, AskTimeout = configuration.AskTimeout };
            engine = new SyncEngine(ports, (identities, ownership, outcomes) => MakePoints(parts, envelopes, identities, ownership, outcomes, clock, loggers), options, clock, loggers);
            foreach (var point in switchboard.Current.Keys) engine.Pause(point, isPaused: true);
            var exchange = new KeyExchange(parts.KeyRing, parts.OthersAsync, parts.Connections, parts.ReadPassphraseAsync, clock, loggers.CreateLogger<KeyExchange>());
            var ownership = engine.Ownership;
            var keys = new KeyService(parts.KeyRing, exchange, () => ownership.EpochOf(0) is not null, parts.ReadPassphraseAsync, parts.Rotation, clock, loggers.CreateLogger<KeyService>());
            var departure = new Departure(loggers.CreateLogger<Departure>());
            var revocations = new EdgeRevocations(parts.Store.Edges, clock, loggers.CreateLogger<EdgeRevocations>());
            await revocations.ReadAsync(cancellationToken).ConfigureAwait(false);
            NodeAddresses? addresses = null;
            var intake = new IntakeEndpoint(
                configuration, parts.Store.Inbox, parts.Store.Edges, parts.Store.Operations.Controllers, new IntakeKeys(parts.KeyRing, keys, exchange.IsUnknownAsync), () => version, edge => addresses?.For(edge) ?? [], parts.Reports, parts.Metrics, clock, loggers.CreateLogger<IntakeEndpoint>());
            web = BuildWeb(parts, revocations, routes =>
            {
                intake.Map(routes);
                new RemoteEndpoint(parts.Providers.Where(entry => configuration.MayRun(entry.Key)).ToDictionary(entry => entry.Key.Name, entry => entry.Value), envelopes, clock, loggers.CreateLogger<RemoteEndpoint>()).Map(routes);
                new RenewalEndpoint(configuration, parts.Credentials, revocations, parts.Members, clock, loggers.CreateLogger<RenewalEndpoint>()).Map(routes);
                new EnrolmentEndpoint(configuration, parts.Credentials, parts.Registrations, revocations, parts.Store.Operations.Audit, clock, loggers.CreateLogger<EnrolmentEndpoint>()).Map(routes);
                new KeyEndpoint(parts.KeyRing, loggers.CreateLogger<KeyEndpoint>()).Map(routes);
                new NodeRequestEndpoint(engine, departure, revocations, mending, new PointQuestions(parts, new NodeRequests(parts.Members, parts.Connections, parts.Configuration.AskTimeout)), loggers.CreateLogger<NodeRequestEndpoint>()).Map(routes);
            }, clock, loggers);
            await web.StartAsync(cancellationToken).ConfigureAwait(false);
            var bound = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address)).ToImmutableArray();
            var own = configuration.Node.Advertise.IsEmpty ? bound : [.. configuration.Node.Advertise.Select(address => new Uri(address))];
            parts.Store.Members.Describe(new NodeDescription([.. own.Select(address => address.ToString())], [.. configuration.Node.Labels], ProductVersion.Text));
            addresses = new NodeAddresses(parts.Members, own, clock, loggers.CreateLogger<NodeAddresses>());
            var open = await parts.Store.CountOpenWorkAsync(cancellationToken).ConfigureAwait(false);
            LogRecovered(logger, open.UndecidedArrivals, open.PendingIdentities, open.OpenIntents);
            LogStarted(logger, configuration.Node.Name, configuration.Node.Cluster, ProductVersion.Text, configuration.File, NodeStore.Describe(configuration), string.Join(", ", bound), configuration.Points.Length, configuration.Scopes.Length, version);
            var commands = new CommandAudit(parts.Commands, parts.Store.Operations.Audit, clock, loggers.CreateLogger<CommandAudit>());
            server = new SyncServer(parts, web, engine, [commands.RunAsync, keys.RunAsync, addresses.RunAsync, revocations.RunAsync, token => switchboard.RunAsync(engine, token)], mending, loggers) { Addresses = bound, LeaveRequested = departure.Requested };
            server.admin = await AdminFace.StartAsync(parts, engine, keys, switchboard, mending, departure, revocations, log, server.Health, server.monitoring, loggers, cancellationToken).ConfigureAwait(false);
            return server;
        }
        catch
        {
            // A start that failed half-way leaves nothing behind: no listener, no actors, no lock on the database.
            if (server is not null)
            {
                await server.DisposeAsync().ConfigureAwait(false);
                throw;
            }

            if (web is not null) await web.DisposeAsync().ConfigureAwait(false);
            if (engine is not null) await engine.DisposeAsync().ConfigureAwait(false);
            await parts.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Gives the shards back, each as soon as nothing is in flight for it, and takes no new connections meanwhile; lets what is in flight end, then closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;

        // Side by side, since edges and nodes keep their connections: no request of theirs may hold up a shard. One that is under way is answered meanwhile, and after, for it needs no
        // shard of this node: captures go into the database, whoever owns them, and what other nodes have written here needs the providers. Both are closed last.
        await Task.WhenAll(
            EndAsync("the engine", async () =>
            {
                await ending.CancelAsync().ConfigureAwait(false);
                await Task.WhenAll([verifying, .. running]).ConfigureAwait(false);
            }),
            EndAsync("the listener", async () =>
            {
                await web.StopAsync(RequestsEndWithin).ConfigureAwait(false);
                await web.DisposeAsync().ConfigureAwait(false);
            }),
            EndAsync("the operators' listener", async () =>
            {
                if (admin is not null) await admin.DisposeAsync().ConfigureAwait(false);
            })).ConfigureAwait(false);
        await EndAsync("the actors", async () => await engine.DisposeAsync().ConfigureAwait(false)).ConfigureAwait(false);
        monitoring.Dispose();
        await EndAsync("the database", async () => await parts.DisposeAsync().ConfigureAwait(false)).ConfigureAwait(false);
        ending.Dispose();
    }

    // One part that ends badly must not keep the others from ending well.
    private async Task EndAsync(string part, Func<Task> end)
    {
        try
        {
            await end().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // See above; a failure of the engine is told by Completion.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogEndedBadly(part, failure.GetType(), failure.StackTrace);
        }
    }

    private static Dictionary<SyncPointId, PointRuntime> MakePoints(
        NodeParts parts, EnvelopeReader envelopes, IIdentities identities, ShardOwnership ownership, HeldOutcomes outcomes, TimeProvider clock, ILoggerFactory loggers)
    {
        var executor = new AttemptExecutor(clock, loggers.CreateLogger<AttemptExecutor>());
        var secrets = new SharedSecrets(envelopes);
        return parts.Providers.ToDictionary(entry => new SyncPointId(entry.Key.Name), entry =>
        {
            var services = new DelivererServices(
                secrets, parts.Store.TargetClaims, parts.Store.Accounts, executor, clock, Random.Shared.NextDouble, DelivererOptions.Of(entry.Key, parts.Configuration))
            {
                Rules = () => parts.Configuration.Rules,
                Node = parts.Configuration.Node.Name,
                Metrics = parts.Metrics,
            };
            var deliverer = new Deliverer(new SyncPointId(entry.Key.Name), entry.Value, services, identities, ownership, outcomes, loggers.CreateLogger<Deliverer>());
            return new PointRuntime(WithinRate(entry.Key, deliverer, parts.Store.Rates, clock, loggers), new ProviderActorOptions { Concurrency = entry.Key.Concurrency });
        });
    }

    private static IDeliverer WithinRate(PointSettings point, IDeliverer deliverer, IRateBudget budget, TimeProvider clock, ILoggerFactory loggers) => point.Rate is { } rate
        ? new BudgetedDeliverer(deliverer, point.Name, rate, budget, clock, loggers.CreateLogger<BudgetedDeliverer>())
        : deliverer;

    private static WebApplication BuildWeb(NodeParts parts, EdgeRevocations revocations, Action<IEndpointRouteBuilder> map, TimeProvider clock, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = Timeout.InfiniteTimeSpan); // The stop brings its own bound.
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => EdgeListener.Configure(kestrel, parts.Configuration, parts.Credentials, clock, loggers.CreateLogger(typeof(EdgeListener).FullName!)));
        var web = builder.Build();
        web.Use((context, next) => EdgeListener.IdentifyAsync(context, revocations, next));
        map(web);
        return web;
    }

    // What edges see of the configuration: its version rises when this changes.
    private static string Describe(NodeConfiguration configuration) =>
        JsonSerializer.Serialize(new { configuration.Node.Cluster, configuration.Scopes, Grace = configuration.Node.Grace, Points = configuration.Points.Select(point => point.Name) });

    private Task SweepAsync(CancellationToken cancellationToken) => Repeating.RunAsync(
        async token =>
        {
            await parts.SweepOnceAsync(token).ConfigureAwait(false);
            await Task.Delay(NodeParts.SweepInterval, parts.Clock, token).ConfigureAwait(false);
        },
        failure => LogSweepBroke(failure.GetType(), failure.StackTrace),
        NodeParts.SweepInterval,
        parts.Clock,
        cancellationToken);

    [LoggerMessage(4402, LogLevel.Error, "The end of {Part} failed with {ExceptionType}.\n{StackTrace}")]
    private partial void LogEndedBadly(string part, Type exceptionType, string? stackTrace);

    [LoggerMessage(4403, LogLevel.Error, "Sweeping old secrets broke with {ExceptionType}; it is tried again.\n{StackTrace}")]
    private partial void LogSweepBroke(Type exceptionType, string? stackTrace);

    [LoggerMessage(4404, LogLevel.Information, "Going on with what the database holds: {UndecidedArrivals} captures and reports to decide, {PendingIdentities} accounts with something to deliver, {OpenIntents} writes whose end is not known.")]
    private static partial void LogRecovered(ILogger logger, long undecidedArrivals, long pendingIdentities, long openIntents);

    [LoggerMessage(4401, LogLevel.Information, "Node {Name} of cluster {Cluster}, {Version}, is up: configuration {Configuration}, database {Database}, listening on {Addresses}, {Points} sync points, {Scopes} scopes, configuration version {ConfigurationVersion}.")]
    private static partial void LogStarted(ILogger logger, string name, string cluster, string version, string configuration, string database, string addresses, int points, int scopes, long configurationVersion);
}
