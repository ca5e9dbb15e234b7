using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using PasswordSync.Actors;
using PasswordSync.Actors.Delivering;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Intake;
using PasswordSync.SyncNode.Operations;

namespace PasswordSync.SyncNode.Metrics;

/// <summary>How a node stands: what waits, who is heard of, what is owned. Read at an interval, so that no collector's question becomes one to the database.</summary>
internal sealed partial class NodeGauges
{
    /// <summary>How often the database and the actors are asked.</summary>
    public static readonly TimeSpan ReadInterval = TimeSpan.FromSeconds(15);

    /// <summary>Up to how many captures, identities and secrets are counted, so that a look costs the database the same however much there is.</summary>
    public const int CountedMax = 100_000;

    private readonly SyncEngine engine;
    private readonly IOperationsQueries queries;
    private readonly IEdgeRegistry edges;
    private readonly EdgeReports reports;
    private readonly NodeHealth health;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private Reading? reading;
    private bool isAway;

    public NodeGauges(NodeMetrics metrics, SyncEngine engine, IOperationsQueries queries, IEdgeRegistry edges, EdgeReports reports, NodeHealth health, TimeProvider clock, ILogger<NodeGauges> logger)
    {
        (this.engine, this.queries, this.edges, this.reports, this.health, this.clock, this.logger) = (engine, queries, edges, reports, health, clock, logger);
        var meter = metrics.Meter;
        meter.CreateObservableGauge("passwordsync.node.ready", () => Read(now => now.IsReady ? 1 : 0), "{flag}", "1 if the node does its work, 0 if not");
        meter.CreateObservableGauge("passwordsync.inbox.captures", () => Read(now => now.Counts?.Inbox), "{capture}", $"Accepted captures that are not decided, in the whole cluster, counted up to {CountedMax}");
        meter.CreateObservableGauge("passwordsync.inbox.age", () => ReadAge(), "s", "How long the oldest capture that is not decided has waited; 0 if there is none");
        meter.CreateObservableGauge("passwordsync.identities", () => Read(now => now.Counts?.Identities), "{identity}", $"Identities with a history, in the whole cluster, counted up to {CountedMax}");
        meter.CreateObservableGauge("passwordsync.pending.identities", () => Read(now => now.Counts?.Pending), "{identity}", $"Identities with something to do, in the whole cluster, counted up to {CountedMax}");
        meter.CreateObservableGauge("passwordsync.secrets.held", () => Read(now => now.Counts?.Secrets), "{secret}", $"Sealed passwords that are held, in the whole cluster, counted up to {CountedMax}");
        meter.CreateObservableGauge("passwordsync.deliveries.parked", Parked, "{delivery}", "Deliveries that wait for an operator, in the whole cluster, by sync point");
        meter.CreateObservableGauge("passwordsync.point.waiting", () => OfPoints(status => status.Waiting), "{delivery}", "Deliveries in this node's queue of a sync point; without those that it carries out now");
        meter.CreateObservableGauge("passwordsync.point.running", () => OfPoints(status => status.Running), "{delivery}", "Deliveries that this node carries out now, by sync point");
        meter.CreateObservableGauge("passwordsync.point.paused", () => OfPoints(status => status.IsPaused ? 1 : 0), "{flag}", "1 if an operator paused or disabled the sync point, 0 if not");
        meter.CreateObservableGauge("passwordsync.outcomes.held", () => engine.OutcomesHeld, "{delivery}", "Deliveries of this node that ended and whose outcome the database did not take yet");
        meter.CreateObservableGauge("passwordsync.shards.owned", () => engine.Ownership.Shards.Count, "{shard}", "Shards that this node owns");
        meter.CreateObservableCounter("passwordsync.shards.takeovers", () => engine.Ownership.ShardsGained, "{shard}", "Shards that this node took, at its start, from others or again after its lease had run out");
        meter.CreateObservableGauge("passwordsync.edge.silence", EdgeSilence, "s", "How long ago an edge was last heard of, by source and domain controller");
        meter.CreateObservableGauge("passwordsync.edge.spool.captures", () => OfEdges(report => report.Report.Held), "{capture}", "Captures in an edge's spool that no node has, as it told this node");
        meter.CreateObservableGauge("passwordsync.edge.spool.size", () => OfEdges(report => report.Report.SpoolBytes), "By", "Size of an edge's spool, as it told this node");
        meter.CreateObservableGauge("passwordsync.edge.clock.offset", () => OfEdges(report => report.ClockOffset.TotalSeconds), "s", "How far an edge's clock is ahead of this node's");
    }

    /// <summary>Reads at every interval until cancelled. Never fails.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Repeating.RunAsync(
        async token =>
        {
            await ReadOnceAsync(token).ConfigureAwait(false);
            await Task.Delay(ReadInterval, clock, token).ConfigureAwait(false);
        },
        failure => LogNotRead(failure.GetType().Name),
        ReadInterval,
        clock,
        cancellationToken);

    /// <summary>Reads now.</summary>
    public async Task ReadOnceAsync(CancellationToken cancellationToken)
    {
        var isReady = (await health.ReadyAsync(cancellationToken).ConfigureAwait(false)).IsEmpty;
        var points = await engine.ShowPointsAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var counts = await queries.CountAsync(CountedMax, cancellationToken).ConfigureAwait(false);
            var parked = await queries.CountParkedAsync(cancellationToken).ConfigureAwait(false);
            var sightings = await edges.ListAsync(cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref reading, new Reading(isReady, points, counts, parked.ToImmutableDictionary(count => count.Point, count => count.Deliveries), sightings));
            isAway = false;
        }
        catch (StorageUnavailableException failure)
        {
            // What the database held is not known now: better no figure than an old one.
            Volatile.Write(ref reading, new Reading(isReady, points, null, ImmutableDictionary<SyncPointId, long>.Empty, []));
            if (!isAway) LogNotRead(failure.Message);
            isAway = true;
        }
    }

    private IEnumerable<Measurement<long>> Read(Func<Reading, long?> value) => Volatile.Read(ref reading) is { } now && value(now) is { } read ? [new Measurement<long>(read)] : [];

    private IEnumerable<Measurement<double>> ReadAge() =>
        Volatile.Read(ref reading)?.Counts is { } counts ? [new Measurement<double>(counts.InboxOldest is { } oldest ? Math.Max(0, (clock.GetUtcNow() - oldest).TotalSeconds) : 0)] : [];

    private IEnumerable<Measurement<long>> Parked() =>
        Volatile.Read(ref reading) is { Counts: not null } now ? now.Points.Keys.Select(point => new Measurement<long>(now.Parked.GetValueOrDefault(point), OfPoint(point))) : [];

    private IEnumerable<Measurement<long>> OfPoints(Func<ProviderStatus, long> value) =>
        (Volatile.Read(ref reading)?.Points ?? ImmutableSortedDictionary<SyncPointId, ProviderStatus>.Empty).Select(point => new Measurement<long>(value(point.Value), OfPoint(point.Key)));

    private IEnumerable<Measurement<double>> EdgeSilence() =>
        from edge in Volatile.Read(ref reading)?.Edges ?? []
        select new Measurement<double>(Math.Max(0, (clock.GetUtcNow() - edge.SeenAt).TotalSeconds), new("source", edge.Source.Value), new("controller", edge.DomainController));

    private IEnumerable<Measurement<T>> OfEdges<T>(Func<KnownReport, T> value)
        where T : struct =>
        reports.List().Select(report => new Measurement<T>(value(report), new("source", report.Edge.Source.Value), new("controller", report.Edge.DomainController)));

    private static KeyValuePair<string, object?> OfPoint(SyncPointId point) => new("point", point.Value);

    [LoggerMessage(4651, LogLevel.Warning, "The node's figures could not be read; they are left out of the metrics until they can: {Reason}")]
    private partial void LogNotRead(string reason);

    private sealed record Reading(
        bool IsReady, ImmutableSortedDictionary<SyncPointId, ProviderStatus> Points, StoreCounts? Counts, ImmutableDictionary<SyncPointId, long> Parked, ImmutableArray<EdgeSighting> Edges);
}
