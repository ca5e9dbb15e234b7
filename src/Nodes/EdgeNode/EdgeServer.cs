using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Configuration;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Listener;
using PasswordSync.Capture.Pipeline;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.Spool;
using PasswordSync.Capture.StampProof;
using PasswordSync.Capture.Uplink;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting;
using PasswordSync.Hosting.Metrics;

namespace PasswordSync.EdgeNode;

/// <summary>What an edge on Windows watches besides: the filter inside LSASS.</summary>
/// <param name="Inspector">Looks at this machine.</param>
/// <param name="Role">Asks this DC.</param>
public sealed record FilterWatch(IFilterInspector Inspector, IControllerRole Role);

/// <summary>One edge, put together from its rooms. Begun by <see cref="StartAsync"/>, ended by <see cref="DisposeAsync"/>, which loses nothing.</summary>
public sealed partial class EdgeServer : IAsyncDisposable
{
    private static readonly TimeSpan PolicyInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FilterInterval = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource ending = new();
    private readonly IReadOnlyList<IDisposable> owned;
    private readonly Task running;

    private EdgeServer(EdgePipeline pipeline, ConfigurationFetcher fetcher, HookMonitor? monitor, FilterMonitor? filter, CertificateWatch watch, IReadOnlyList<IDisposable> owned)
    {
        Pipeline = pipeline;
        this.owned = owned;
        running = RunAsync(fetcher, monitor, filter, watch);
    }

    /// <summary>The pipeline, to look at.</summary>
    public EdgePipeline Pipeline { get; }

    /// <summary>Ends, with the failure, if a part of the edge breaks for good.</summary>
    public Task Completion => running;

    /// <summary>Starts an edge.</summary>
    /// <param name="configuration">The checked configuration.</param>
    /// <param name="directory">The DC's directory; the caller owns it.</param>
    /// <param name="policies">The DC's password policies, to notice when Samba will not call the hook; null where that cannot be.</param>
    /// <param name="filter">Looks at Windows' password filter; null where there is none.</param>
    /// <param name="hook">Whether captures come before or after their change is committed.</param>
    /// <param name="certificates">For speaking to nodes; the edge owns them from here on.</param>
    /// <param name="clock">The clock, which is the DC's.</param>
    /// <param name="loggers">Makes loggers.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    public static async Task<EdgeServer> StartAsync(
        EdgeSettingsFile configuration, ISourceDirectory directory, IPasswordPolicies? policies, FilterWatch? filter, HookKind hook, EdgeCertificates certificates, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(certificates);
        var edge = configuration.Edge;
        var (socket, drop) = (OperatingSystem.IsWindows() ? edge.Socket : configuration.PathOf(edge.Socket), configuration.PathOf(edge.Drop));
        var alarms = new AlarmLog(loggers.CreateLogger<AlarmLog>());
        Hosting.Certificates.PrivateFile.EnsureFolder(drop);
        Hosting.Certificates.PrivateFile.EnsureFolder(configuration.PathOf(edge.Data));
        var listening = new ListenerOptions { Socket = socket, DropFolder = drop, ClientProgram = edge.FilterHost ?? (OperatingSystem.IsWindows() ? Path.Combine(Environment.SystemDirectory, "lsass.exe") : null) };
        var spool = CaptureSpool.Open(new DiskSpoolFiles(Path.Combine(configuration.PathOf(edge.Data), "spool")), SpoolOptions.Within(edge.SpoolBytesMax), alarms, clock, loggers.CreateLogger<CaptureSpool>());
        var intake = new CaptureIntake(spool, new EdgeBinding(edge.Cluster, edge.Source, edge.DomainController), alarms, clock, loggers.CreateLogger<CaptureIntake>());
        var http = EdgeConnections.ToNodes(edge.Cluster, certificates, clock);
        var nodes = new NodeList([.. edge.Nodes.Select(node => new Uri(node.EndsWith('/') ? node : node + "/"))]);
        var options = new UplinkOptions { ConfigurationInterval = edge.ConfigurationInterval };
        var uplink = new Uplink(http, new EdgeName(new SourceId(edge.Source), edge.DomainController, ProductVersion.Text), nodes, options, clock, Random.Shared.NextDouble, loggers.CreateLogger<Uplink>()) { Alarms = alarms };
        var dropFolder = new DropFolder(listening, intake, alarms, clock, loggers.CreateLogger<DropFolder>());
        var parts = new EdgeParts(spool, intake, new HandoverListener(listening, intake, clock, loggers.CreateLogger<HandoverListener>()), dropFolder, directory, uplink);
        var rules = ProofRules.For(hook) with { CommitWithin = edge.ProofBound };
        var pipeline = new EdgePipeline(parts, new EdgePipelineOptions { Source = new SourceId(edge.Source), Rules = rules }, alarms, clock, loggers.CreateLogger<EdgePipeline>());
        var metrics = new EdgeMetrics(() => pipeline.Status, clock);
        var captureFile = new CaptureFile(
            new CaptureFileSettings(configuration.PathOf(edge.CaptureFile), edge.DomainController, socket, drop, TimeSpan.FromMilliseconds(edge.WaitMilliseconds), edge.MinimumLength, edge.Complexity), clock);
        var stored = new StoredConfiguration(Path.Combine(configuration.PathOf(edge.Data), "configuration.json"));
        var change = new ConfigurationChange(pipeline.Apply, captureFile, stored, loggers.CreateLogger<ConfigurationChange>());
        var fetcher = new ConfigurationFetcher(http, nodes, uplink, change.TakeAsync, options, clock, loggers.CreateLogger<ConfigurationFetcher>())
        {
            Report = () => new EdgeReport(spool.Status.Held, spool.Status.Bytes, clock.GetUtcNow()),
            Alarms = () => alarms.Standing,
        };
        LogStarted(loggers.CreateLogger<EdgeServer>(), edge.Source, edge.DomainController, ProductVersion.Text, configuration.File, socket, drop, string.Join(", ", edge.Nodes), spool.Recovery.ToString());
        if (await stored.ReadAsync(cancellationToken).ConfigureAwait(false) is { } last) pipeline.Apply(last);
        var monitor = policies is null ? null : new HookMonitor(policies, PolicyInterval, alarms, clock, loggers.CreateLogger<HookMonitor>());
        var filterMonitor = filter is null ? null : new FilterMonitor(filter.Inspector, filter.Role, FilterInterval, alarms, clock, loggers.CreateLogger<FilterMonitor>());
        var watch = new CertificateWatch(certificates, http, () => nodes.InOrder(), alarms, clock, loggers.CreateLogger<CertificateWatch>());
        return new EdgeServer(pipeline, fetcher, monitor, filterMonitor, watch, [MetricsExport.Start("passwordsync-edge", $"{edge.Source}/{edge.DomainController}", metrics.Scope, edge.Metrics), metrics, pipeline, dropFolder, spool, http, certificates]);
    }

    /// <summary>Takes no more captures, and ends; what is not at a node yet stays in the spool.</summary>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        try
        {
            await running.ConfigureAwait(false);
        }
        finally
        {
            foreach (var part in owned) part.Dispose();
            ending.Dispose();
        }
    }

    // If one of them breaks, the others must not go on alone.
    private async Task RunAsync(ConfigurationFetcher fetcher, HookMonitor? monitor, FilterMonitor? filter, CertificateWatch watch)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        Task[] loops = [Pipeline.RunAsync(stop.Token), fetcher.RunAsync(stop.Token), watch.RunAsync(stop.Token), .. monitor is null ? Array.Empty<Task>() : [monitor.RunAsync(stop.Token)], .. filter is null ? Array.Empty<Task>() : [filter.RunAsync(stop.Token)]];
        await Task.WhenAny(loops).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(loops).ConfigureAwait(false);
    }

    [LoggerMessage(2701, LogLevel.Information, "Edge of {Source}/{DomainController}, {Version}, is up: configuration {Configuration}, socket {Socket}, drop folder {Drop}, nodes {Nodes}; recovered: {Recovery}.")]
    private static partial void LogStarted(ILogger logger, string source, string domainController, string version, string configuration, string socket, string drop, string nodes, string recovery);
}
