using System.Collections.Immutable;
using System.Globalization;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Operations;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>Explains the captures of one person: where each was made, when it passed each stage, what was decided, and how it went at each target.</summary>
internal sealed class ExplainCaptures(OperationServices services)
{
    /// <summary>How many captures are shown.</summary>
    private const int CapturesMax = 20;

    private static readonly ImmutableArray<ColumnDescription> Columns =
    [
        Column.Text("capture"), Column.Text("controller", "domain controller"), Column.Text("stamp"), Column.Text("decision"), Column.Time("captured"), Column.Time("spooled"), Column.Time("confirmed"),
        Column.Time("accepted"), Column.Time("decided"), Column.Text("scopes"), Column.Text("targets"),
    ];

    private static readonly ImmutableArray<ColumnDescription> DeliveryColumns =
        [Column.Text("capture"), Column.Text("point"), Column.Text("result"), Column.Number("attempts"), Column.Time("started"), Column.Time("delivered"), Column.Duration("total"), Column.Duration("work"), Column.Duration("wait")];

    private readonly CaptureNames names = new(services.Operations);

    /// <summary>The newest captures within a time, and their deliveries.</summary>
    public async Task<ImmutableArray<Section>> SectionsAsync(List<IdentityEvent> events, TimeSpan last, CancellationToken cancellationToken)
    {
        var since = services.Now - last;
        var shown = events.Where(happened => happened.At >= since && happened is IdentityEvent.CaptureAccepted or IdentityEvent.CaptureIgnored or IdentityEvent.CaptureReported).TakeLast(CapturesMax).ToList();
        var (rows, deliveryRows) = (new List<ImmutableArray<object?>>(), new List<ImmutableArray<object?>>());
        foreach (var happened in shown)
        {
            var deliveries = happened is IdentityEvent.CaptureAccepted { Change: var change } ? DeliveriesOf(change.CaptureId, events) : [];
            rows.Add(RowOf(happened, await names.ControllerOfAsync(happened, cancellationToken).ConfigureAwait(false), deliveries));
            if (happened is IdentityEvent.CaptureAccepted accepted) deliveryRows.AddRange(deliveries.Select(delivery => RowOf(accepted, delivery.Key, delivery.Value)));
        }

        return [Section.Table($"captures of the last {last.TotalDays:0.#} days", "capture|captures", Columns, rows), Section.Table("their deliveries", "delivery|deliveries", DeliveryColumns, deliveryRows)];
    }

    private static ImmutableArray<object?> RowOf(IdentityEvent happened, string? controller, SortedDictionary<SyncPointId, DeliveryStory> deliveries)
    {
        var trace = CaptureNames.TraceOf(happened);
        return happened switch
        {
            IdentityEvent.CaptureAccepted { Change: var change } e => Column.Row(
                $"{change.CaptureId}", controller, $"{change.Stamp}", "accepted", change.Stages.CapturedAt, change.Stages.SpooledAt, change.Stages.ConfirmedAt, change.Stages.AcceptedAt, e.At, e.Scopes.IsEmpty ? null : string.Join(", ", e.Scopes),
                string.Join(", ", deliveries.Where(delivery => delivery.Value.HasEnded).Select(delivery => $"{delivery.Key}: {EndOf(change, delivery.Value)}"))),
            IdentityEvent.CaptureIgnored e => Column.Row(
                $"{e.CaptureId}", controller, $"{e.Stamp}", $"ignored: {Stories.WordOf(e.Reason)}", trace?.CapturedAt, trace?.SpooledAt, trace?.ConfirmedAt, trace?.AcceptedAt, e.At, null, null),
            IdentityEvent.CaptureReported e => Column.Row(
                $"{e.CaptureId}", controller, null, $"not sent: {Stories.WordOf(e.Verdict)}", e.CapturedAt, trace?.SpooledAt, trace?.ConfirmedAt, trace?.AcceptedAt, e.At, null, null),
            _ => throw new InvalidOperationException($"Internal error: {happened.GetType().Name} is no capture's."),
        };
    }

    private static ImmutableArray<object?> RowOf(IdentityEvent.CaptureAccepted accepted, SyncPointId point, DeliveryStory delivery)
    {
        var times = delivery is { StartedAt: { } started, DeliveredAt: { } delivered } ? new DeliveryTimes(point, accepted.Change, accepted.At, started, delivered) : null;
        return Column.Row($"{accepted.Change.CaptureId}", point.Value, delivery.Result, delivery.Attempts, delivery.StartedAt, delivery.DeliveredAt, times?.Total, times?.Work, times?.Wait);
    }

    private static string EndOf(Change change, DeliveryStory delivery) => delivery.DeliveredAt is { } at
        ? string.Create(CultureInfo.InvariantCulture, $"delivered after {(at - change.Stages.CapturedAt).TotalSeconds:0.###} s")
        : delivery.Result;

    private static SortedDictionary<SyncPointId, DeliveryStory> DeliveriesOf(CaptureId captureId, List<IdentityEvent> events)
    {
        var deliveries = new SortedDictionary<SyncPointId, DeliveryStory>();
        foreach (var happened in events)
        {
            switch (happened)
            {
                case IdentityEvent.DeliveryQueued e when e.CaptureId == captureId:
                    Tell(e.Point, story => story with { Result = "waits", HasEnded = false });
                    break;
                case IdentityEvent.AttemptStarted e when e.CaptureId == captureId:
                    Tell(e.Point, story => story with { Result = "in flight", Attempts = story.Attempts + 1, StartedAt = e.At, HasEnded = false });
                    break;
                case IdentityEvent.AttemptFinished { Outcome.IsSuccess: true } e when e.CaptureId == captureId:
                    Tell(e.Point, story => story with { Result = Stories.WordOf(e.Outcome), DeliveredAt = e.At, HasEnded = true });
                    break;
                case IdentityEvent.AttemptFinished e when e.CaptureId == captureId:
                    Tell(e.Point, story => Failed(story, e.Outcome, e.Sequel));
                    break;
                case IdentityEvent.ObstacleMet e when e.CaptureId == captureId:
                    Tell(e.Point, story => Failed(story, e.Outcome, e.Sequel));
                    break;
                case IdentityEvent.DeliveryEnded e when e.CaptureId == captureId:
                    Tell(e.Point, story => story with { Result = Stories.WordOf(e.End), HasEnded = true });
                    break;
            }
        }

        return deliveries;

        // What comes after the delivery is a look at the target, or another delivery of the same change: the first one is what people wait for.
        void Tell(SyncPointId point, Func<DeliveryStory, DeliveryStory> tell)
        {
            var story = deliveries.GetValueOrDefault(point) ?? new DeliveryStory();
            deliveries[point] = story.DeliveredAt is null ? tell(story) : story;
        }
    }

    private static DeliveryStory Failed(DeliveryStory story, DeliveryOutcome outcome, AttemptSequel sequel) =>
        sequel is AttemptSequel.Park ? story with { Result = "parked", HasEnded = true } : story with { Result = $"{Stories.WordOf(outcome)}, waits", HasEnded = false };

    /// <summary>How one change went at one point so far.</summary>
    private sealed record DeliveryStory
    {
        public string Result { get; init; } = "waits";

        public int Attempts { get; init; }

        /// <summary>When the attempt that delivered began, or the last one.</summary>
        public DateTimeOffset? StartedAt { get; init; }

        public DateTimeOffset? DeliveredAt { get; init; }

        public bool HasEnded { get; init; }
    }
}
