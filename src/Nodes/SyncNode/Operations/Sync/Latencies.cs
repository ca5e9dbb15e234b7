using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>How long deliveries took, by stage, read from the journal.</summary>
internal sealed class Latencies(OperationServices services)
{
    /// <summary>Over how many of the last ended attempts the figures are.</summary>
    public const int AttemptsMax = 1_000;

    /// <summary>Attempts that ended longer ago do not count.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(24);

    private const string Title = "times from capture to target";

    private static readonly ImmutableArray<ColumnDescription> Columns =
    [
        Column.Text("of"), Column.Text("name"), Column.Number("count"),
        Column.Duration("p50", "total p50"), Column.Duration("p95", "total p95"), Column.Duration("p99", "total p99"),
        Column.Duration("workP50", "work p50"), Column.Duration("workP95", "work p95"), Column.Duration("workP99", "work p99"),
        Column.Duration("waitP50", "wait p50"), Column.Duration("waitP95", "wait p95"), Column.Duration("waitP99", "wait p99"),
    ];

    private static readonly double[] Shares = [0.50, 0.95, 0.99];

    /// <summary>The table of <c>sync status</c>: per domain controller, node and target; and how many of the events are left out since they cannot be read.</summary>
    public async Task<Section> MakeAsync(CancellationToken cancellationToken)
    {
        var names = (await services.Operations.Controllers.ListAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(name => (name.Source, name.InvocationId), name => name.Name);
        var (measured, unreadable) = await MeasureAsync(cancellationToken).ConfigureAwait(false);
        return Section.Table(
            Title, "row|rows", Columns,
            [
                .. Rows("domain controller", measured.GroupBy(one => names.GetValueOrDefault((one.Change.Account.Source, one.Change.Stamp.InvocationId), $"{one.Change.Stamp.InvocationId}"))),
                .. Rows("node", measured.GroupBy(one => one.Node ?? "unknown")),
                .. Rows("target", measured.GroupBy(one => one.Point.Value)),
                .. unreadable == 0 ? [] : new[] { Column.Row([LoadedIdentity.Unreadable, "left out", (long)unreadable, .. Columns.Skip(3).Select(_ => (object?)null)]) },
            ]);
    }

    /// <summary>The value below which a share of the values lies; the values must be in order.</summary>
    public static TimeSpan Percentile(IReadOnlyList<TimeSpan> ordered, double share) => ordered[Math.Max(0, (int)Math.Ceiling(share * ordered.Count) - 1)];

    private static IEnumerable<ImmutableArray<object?>> Rows(string of, IEnumerable<IGrouping<string, DeliveryTimes>> groups) =>
        from one in groups
        orderby one.Key
        select Column.Row([of, one.Key, (long)one.Count(), .. Percentiles(one, times => times.Total), .. Percentiles(one, times => times.Work), .. Percentiles(one, times => times.Wait)]);

    private static IEnumerable<object?> Percentiles(IEnumerable<DeliveryTimes> group, Func<DeliveryTimes, TimeSpan> time)
    {
        var ordered = group.Select(time).Order().ToList();
        return Shares.Select(share => (object?)Percentile(ordered, share));
    }

    private async Task<(List<DeliveryTimes> Measured, int Unreadable)> MeasureAsync(CancellationToken cancellationToken)
    {
        var events = await services.Queries.ReadEventsAsync(
            new EventPage(0, 3 * AttemptsMax, Newest: true, ["attempt-started.1", "attempt-finished.1", "capture-accepted.1"], services.Now - Window), cancellationToken).ConfigureAwait(false);
        var changes = events.Select(row => row.Event).OfType<IdentityEvent.CaptureAccepted>().ToDictionary(accepted => accepted.Change.CaptureId);
        var starts = events.Select(row => row.Event).OfType<IdentityEvent.AttemptStarted>().ToDictionary(started => started.Attempt.AttemptId);
        var measured = new List<DeliveryTimes>();
        foreach (var row in events.Reverse())
        {
            if (measured.Count == AttemptsMax) break;
            if (row.Event is not IdentityEvent.AttemptFinished { Outcome: DeliveryOutcome.Delivered } finished || !starts.TryGetValue(finished.AttemptId, out var started)) continue;
            if (!changes.TryGetValue(finished.CaptureId, out var accepted))
            {
                if (await services.Queries.FindChangeAsync(row.Identity, finished.CaptureId.Value, cancellationToken).ConfigureAwait(false) is not { Event: IdentityEvent.CaptureAccepted found }) continue;
                accepted = changes[finished.CaptureId] = found;
            }

            measured.Add(new DeliveryTimes(finished.Point, accepted.Change, accepted.At, started.At, finished.At) { Node = started.Attempt.Node });
        }

        return (measured, events.Count(row => row.Unreadable is not null));
    }
}

/// <summary>The benchmark of one delivery: when it passed each stage. The first three are the domain controller's clock, the others the node's.</summary>
/// <param name="Point">Where it went.</param>
/// <param name="Change">The change, with the stages before the decision.</param>
/// <param name="DecidedAt">When it was decided.</param>
/// <param name="StartedAt">When the attempt that delivered it began.</param>
/// <param name="DeliveredAt">When the target had it.</param>
internal sealed record DeliveryTimes(SyncPointId Point, Change Change, DateTimeOffset DecidedAt, DateTimeOffset StartedAt, DateTimeOffset DeliveredAt)
{
    /// <summary>The node that delivered it; null in journals from before that was recorded.</summary>
    public string? Node { get; init; }

    /// <summary>From the capture to the target; never less than nothing, whatever the clocks say.</summary>
    public TimeSpan Total => NotNegative(DeliveredAt - Change.Stages.CapturedAt);

    /// <summary>What the target took.</summary>
    public TimeSpan Work => NotNegative(DeliveredAt - StartedAt);

    /// <summary>All but that.</summary>
    public TimeSpan Wait => NotNegative(Total - Work);

    private static TimeSpan NotNegative(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time;
}
