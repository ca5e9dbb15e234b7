using PasswordSync.Actors;
using PasswordSync.Hosting.Metrics;
using PasswordSync.SyncNode.Operations;

namespace PasswordSync.SyncNode.Metrics;

/// <summary>A node's figures, from their making to whoever collects them.</summary>
internal sealed class NodeMonitoring : IDisposable
{
    private readonly MetricsExport export;
    private readonly NodeGauges gauges;

    private NodeMonitoring(MetricsExport export, NodeGauges gauges)
    {
        this.export = export;
        this.gauges = gauges;
    }

    /// <summary>Begins to collect. The caller owns it.</summary>
    public static NodeMonitoring Start(NodeParts parts, SyncEngine engine, NodeHealth health, ILoggerFactory loggers)
    {
        var node = parts.Configuration.Node;
        var gauges = new NodeGauges(parts.Metrics, engine, parts.Store.Operations.Queries, parts.Store.Edges, parts.Reports, health, parts.Clock, loggers.CreateLogger<NodeGauges>());
        return new NodeMonitoring(MetricsExport.Start("passwordsync-node", $"{node.Cluster}/{node.Name}", parts.Metrics.Scope, node.Metrics), gauges);
    }

    /// <summary>Keeps the gauges true until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => gauges.RunAsync(cancellationToken);

    /// <summary>All figures, the gauges read at most <see cref="NodeGauges.ReadInterval"/> ago, in Prometheus's text format.</summary>
    public string Prometheus() => export.Prometheus();

    public void Dispose() => export.Dispose();
}
