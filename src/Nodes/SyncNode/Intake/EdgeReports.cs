using System.Collections.Concurrent;
using System.Collections.Immutable;
using PasswordSync.Core.Intake;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.SyncNode.Intake;

/// <summary>The last that edges told this node of themselves. In memory only: an edge tells it every 30 s by default, and at least every minute, to one node. Its alarms are in the store, for all nodes.</summary>
internal sealed class EdgeReports(TimeProvider clock)
{
    /// <summary>How many edges' reports are remembered.</summary>
    public const int EdgesMax = 1_000;

    /// <summary>For how long a report counts.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<PeerName.Edge, KnownReport> known = new();

    /// <summary>Takes what an edge told.</summary>
    public void Note(PeerName.Edge edge, string? header)
    {
        if (EdgeReport.Parse(header) is not { } report || (known.Count >= EdgesMax && !known.ContainsKey(edge))) return;
        var now = clock.GetUtcNow();
        known[edge] = new KnownReport(edge, report, now, report.At - now);
    }

    /// <summary>What is not too old.</summary>
    public ImmutableArray<KnownReport> List()
    {
        var since = clock.GetUtcNow() - KeptFor;
        foreach (var old in known.Values.Where(report => report.HeardAt < since)) known.TryRemove(KeyValuePair.Create(old.Edge, old));
        return [.. known.Values.OrderBy(report => report.Edge.Source.Value, StringComparer.Ordinal).ThenBy(report => report.Edge.DomainController, StringComparer.Ordinal)];
    }
}

/// <summary>A report with when it was heard.</summary>
/// <param name="Edge">Whose.</param>
/// <param name="Report">What it said.</param>
/// <param name="HeardAt">When, by this node's clock.</param>
/// <param name="ClockOffset">By how much the edge's clock was ahead of this node's; the way between them is in it.</param>
internal sealed record KnownReport(PeerName.Edge Edge, EdgeReport Report, DateTimeOffset HeardAt, TimeSpan ClockOffset);
