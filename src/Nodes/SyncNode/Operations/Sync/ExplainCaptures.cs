using System.Collections.Immutable;
using System.Globalization;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Operations;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>Explains the captures of one person: where each was made, when it passed each stage, what was decided, and how it ended at each target.</summary>
internal sealed class ExplainCaptures(OperationServices services)
{
    /// <summary>How many captures are shown.</summary>
    private const int CapturesMax = 20;

    private static readonly ImmutableArray<ColumnDescription> Columns =
    [
        Column.Text("capture"), Column.Text("controller", "domain controller"), Column.Text("stamp"), Column.Text("decision"), Column.Time("captured"), Column.Time("spooled"), Column.Time("confirmed"),
        Column.Time("accepted"), Column.Time("decided"), Column.Text("targets"),
    ];

    private readonly CaptureNames names = new(services);

    /// <summary>The newest captures within a time.</summary>
    public async Task<ImmutableArray<Section>> SectionsAsync(List<IdentityEvent> events, TimeSpan last, CancellationToken cancellationToken)
    {
        var since = services.Now - last;
        var shown = events.Where(happened => happened.At >= since && happened is IdentityEvent.CaptureAccepted or IdentityEvent.CaptureIgnored or IdentityEvent.CaptureReported).TakeLast(CapturesMax).ToList();
        var rows = new List<ImmutableArray<object?>>();
        foreach (var happened in shown) rows.Add(RowOf(happened, await names.ControllerOfAsync(happened, cancellationToken).ConfigureAwait(false), events));
        return [Section.Table($"captures of the last {last.TotalDays:0.#} days", "capture|captures", Columns, rows)];
    }

    private static ImmutableArray<object?> RowOf(IdentityEvent happened, string? controller, List<IdentityEvent> events)
    {
        var trace = CaptureNames.TraceOf(happened);
        return happened switch
        {
            IdentityEvent.CaptureAccepted { Change: var change } e => Column.Row(
                $"{change.CaptureId}", controller, $"{change.Stamp}", "accepted", change.Stages.CapturedAt, change.Stages.SpooledAt, change.Stages.ConfirmedAt, change.Stages.AcceptedAt, e.At,
                TargetsOf(e, events)),
            IdentityEvent.CaptureIgnored e => Column.Row(
                $"{e.CaptureId}", controller, $"{e.Stamp}", $"ignored: {Stories.WordOf(e.Reason)}", trace?.CapturedAt, trace?.SpooledAt, trace?.ConfirmedAt, trace?.AcceptedAt, e.At, null),
            IdentityEvent.CaptureReported e => Column.Row(
                $"{e.CaptureId}", controller, null, $"not sent: {Stories.WordOf(e.Verdict)}", e.CapturedAt, trace?.SpooledAt, trace?.ConfirmedAt, trace?.AcceptedAt, e.At, null),
            _ => throw new InvalidOperationException($"Internal error: {happened.GetType().Name} is no capture's."),
        };
    }

    // How the change ended at each point so far, with the time from capture to target.
    private static string TargetsOf(IdentityEvent.CaptureAccepted accepted, List<IdentityEvent> events)
    {
        var ends = new SortedDictionary<SyncPointId, string>();
        foreach (var happened in events)
        {
            switch (happened)
            {
                case IdentityEvent.AttemptFinished { Outcome.IsSuccess: true } e when e.CaptureId == accepted.Change.CaptureId:
                    ends[e.Point] = string.Create(CultureInfo.InvariantCulture, $"delivered after {(e.At - accepted.Change.Stages.CapturedAt).TotalSeconds:0.###} s");
                    break;
                case IdentityEvent.AttemptFinished { Sequel: AttemptSequel.Park } e when e.CaptureId == accepted.Change.CaptureId:
                    ends[e.Point] = "parked";
                    break;
                case IdentityEvent.ObstacleMet { Sequel: AttemptSequel.Park } e when e.CaptureId == accepted.Change.CaptureId:
                    ends[e.Point] = "parked";
                    break;
                case IdentityEvent.DeliveryEnded e when e.CaptureId == accepted.Change.CaptureId && !ends.GetValueOrDefault(e.Point, "").StartsWith("delivered", StringComparison.Ordinal):
                    ends[e.Point] = Stories.WordOf(e.End);
                    break;
            }
        }

        return string.Join(", ", ends.Select(end => $"{end.Key}: {end.Value}"));
    }
}
