using System.Diagnostics.Metrics;
using PasswordSync.Capture.Pipeline;

namespace PasswordSync.EdgeNode;

/// <summary>What an edge counts, in the meter <c>PasswordSync.Edge</c>; docs/operations/metrics.md explains each.</summary>
public sealed class EdgeMetrics : IDisposable
{
    public const string MeterName = "PasswordSync.Edge";

    private readonly Meter meter;

    /// <param name="status">How the edge stands; quick.</param>
    /// <param name="clock">The clock.</param>
    public EdgeMetrics(Func<EdgeStatus> status, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(status);
        meter = new Meter(new MeterOptions(MeterName) { Scope = this });
        meter.CreateObservableGauge("passwordsync.spool.captures", () => status().Spool.Held, "{capture}", "Captures in the spool that no node has");
        meter.CreateObservableGauge("passwordsync.spool.size", () => status().Spool.Bytes, "By", "Size of the spool");
        meter.CreateObservableGauge("passwordsync.spool.full", () => status().Spool.IsFull ? 1 : 0, "{flag}", "1 if the spool refuses captures, 0 if not");
        meter.CreateObservableCounter("passwordsync.spool.flushes", () => status().Spool.Flushes, "{flush}", "Flushed batches of captures");
        meter.CreateObservableGauge("passwordsync.edge.captures", () => Standing(status()), "{capture}", "Captures and accounts in each stage, by stage");
        meter.CreateObservableCounter("passwordsync.edge.settled", () => Settled(status()), "{capture}", "Captures that left the edge, by how");
        meter.CreateObservableGauge(
            "passwordsync.edge.waiting", () => status().OldestCapturedAt is { } oldest ? Math.Max(0, (clock.GetUtcNow() - oldest).TotalSeconds) : 0, "s", "How long the oldest capture that is ready for a node has waited; 0 if there is none");
    }

    /// <summary>What tells this edge's meter from those of other edges of the process.</summary>
    public object Scope => this;

    public void Dispose() => meter.Dispose();

    private static Measurement<int>[] Standing(EdgeStatus now) =>
    [
        new(now.AccountsProving, new KeyValuePair<string, object?>("stage", "proving")), new(now.Matching, new KeyValuePair<string, object?>("stage", "matching")),
        new(now.InGrace, new KeyValuePair<string, object?>("stage", "in_grace")), new(now.Sending, new KeyValuePair<string, object?>("stage", "sending")),
    ];

    private static Measurement<long>[] Settled(EdgeStatus now) =>
    [
        new(now.Sent, new KeyValuePair<string, object?>("how", "sent")), new(now.Reported, new KeyValuePair<string, object?>("how", "reported")),
        new(now.Unwanted, new KeyValuePair<string, object?>("how", "unwanted")), new(now.Excluded, new KeyValuePair<string, object?>("how", "excluded")),
    ];
}
