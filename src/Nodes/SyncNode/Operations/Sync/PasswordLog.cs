using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>
/// The password log: the journal as rows, one for each event. The change-set ties what belongs together: it is the capture's id, from the capture to the last
/// result at every target; the attempt ties the beginning of a write to its end.
/// </summary>
internal sealed class PasswordLog(OperationServices services)
{
    /// <summary>How many events are read at once.</summary>
    private const int PageMax = 1_000;

    /// <summary>How many changes are remembered while rows are made.</summary>
    private const int ChangesMax = 10_000;

    /// <summary>How often it is looked for new events while somebody follows.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    public static ImmutableArray<ColumnDescription> Columns { get; } =
    [
        Column.Number("record"), Column.Time("at"), Column.Text("source"), Column.Text("controller", "domain controller"), Column.Text("user"), Column.Text("event"), Column.Text("point"),
        Column.Text("message"), Column.Text("target"), Column.Duration("total"), Column.Duration("work"), Column.Duration("wait"), Column.Text("changeSet", "change-set"), Column.Text("attempt"), Column.Text("identity"),
    ];

    private readonly Dictionary<CaptureId, IdentityEvent.CaptureAccepted?> changes = [];
    private readonly Dictionary<Guid, IdentityEvent.AttemptStarted> attempts = [];
    private readonly CaptureNames names = new(services);

    /// <summary>Rows after a position that fit, oldest first; with <paramref name="follow"/>, then those that come.</summary>
    public async IAsyncEnumerable<ImmutableArray<object?>> ReadAsync(PasswordLogFilter filter, long after, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reading = ReadPageAsync(after, filter, cancellationToken);
        try
        {
            while (true)
            {
                var page = await reading.ConfigureAwait(false);
                if (!page.IsEmpty) after = page[^1].Position;

                // The next page is read while the rows of this one are made.
                if (page.Length == PageMax) reading = ReadPageAsync(after, filter, cancellationToken);
                foreach (var row in page)
                {
                    if (await MakeAsync(row, filter, cancellationToken).ConfigureAwait(false) is { } made) yield return made;
                }

                if (page.Length == PageMax) continue;
                if (!follow) yield break;
                await Task.Delay(LookInterval, services.Clock, cancellationToken).ConfigureAwait(false);
                reading = ReadPageAsync(after, filter, cancellationToken);
            }
        }
        finally
        {
            // Whoever stops reading leaves a page behind that nobody wants.
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The row of an event; null if it does not fit.</summary>
    public async ValueTask<ImmutableArray<object?>?> MakeAsync(StoredEvent row, PasswordLogFilter filter, CancellationToken cancellationToken)
    {
        if (filter.Identity is { } identity && row.Identity != identity) return null;
        var (captureId, point) = KeysOf(row.Event);
        if (filter.Point is not null && point?.Value != filter.Point) return null;
        var accepted = captureId is { } id ? await ChangeOfAsync(row, id, cancellationToken).ConfigureAwait(false) : null;
        var account = AccountOf(row.Event) ?? accepted?.Change.Account;
        if (filter.Source is not null && account?.Source.Value != filter.Source) return null;
        if (filter.ChangeSet is { } wanted && captureId?.Value != wanted) return null;
        var times = TimesOf(row.Event, accepted);
        var controller = await names.ControllerOfAsync(accepted ?? row.Event, cancellationToken).ConfigureAwait(false);
        var user = accepted?.Change.Names.SamAccountName ?? await names.UserOfAsync(row.Event, cancellationToken).ConfigureAwait(false);
        return Column.Row(
            row.Position, row.Event.At, account?.Source.Value, controller, user, WordOf(row.Event), point?.Value, MessageOf(row.Event), TargetOf(row.Event),
            times?.Total, times?.Work, times?.Wait, captureId?.ToString(), AttemptOf(row.Event)?.ToString("N"), row.Identity.ToString());
    }

    private Task<ImmutableArray<StoredEvent>> ReadPageAsync(long after, PasswordLogFilter filter, CancellationToken cancellationToken) =>
        services.Queries.ReadEventsAsync(new EventPage(after, PageMax, Newest: false, [], filter.Since) { Identity = filter.Identity }, cancellationToken).AsTask();

    private static (CaptureId? Capture, SyncPointId? Point) KeysOf(IdentityEvent happened) => happened switch
    {
        IdentityEvent.CaptureAccepted e => (e.Change.CaptureId, null),
        IdentityEvent.CaptureIgnored e => (e.CaptureId, null),
        IdentityEvent.CaptureReported e => (e.CaptureId, null),
        IdentityEvent.AccountScoped => (null, null),
        IdentityEvent.PointAssigned e => (null, e.Point),
        IdentityEvent.PointWithdrawn e => (null, e.Point),
        IdentityEvent.DeliveryQueued e => (e.CaptureId, e.Point),
        IdentityEvent.DeliveryEnded e => (e.CaptureId, e.Point),
        IdentityEvent.AttemptStarted e => (e.CaptureId, e.Point),
        IdentityEvent.AttemptFinished e => (e.CaptureId, e.Point),
        IdentityEvent.ObstacleMet e => (e.CaptureId, e.Point),
        _ => throw Unknown(happened),
    };

    /// <summary>The kind of event, in a word for filters and people.</summary>
    public static string WordOf(IdentityEvent happened) => happened switch
    {
        IdentityEvent.CaptureAccepted => "accepted",
        IdentityEvent.CaptureIgnored => "ignored",
        IdentityEvent.CaptureReported => "reported",
        IdentityEvent.AccountScoped => "scoped",
        IdentityEvent.PointAssigned => "assigned",
        IdentityEvent.PointWithdrawn => "withdrawn",
        IdentityEvent.DeliveryQueued => "queued",
        IdentityEvent.DeliveryEnded => "ended",
        IdentityEvent.AttemptStarted => "applying",
        IdentityEvent.AttemptFinished => "finished",
        IdentityEvent.ObstacleMet => "obstacle",
        _ => throw Unknown(happened),
    };

    /// <summary>What happened, in a sentence.</summary>
    public static string MessageOf(IdentityEvent happened) => happened switch
    {
        IdentityEvent.CaptureAccepted e => $"The change with stamp {e.Change.Stamp} is the newest.",
        IdentityEvent.CaptureIgnored e => $"Not sent: {Stories.WordOf(e.Reason)}.",
        IdentityEvent.CaptureReported e => $"Not sent: {Stories.WordOf(e.Verdict)}.",
        IdentityEvent.AccountScoped e => $"The scopes give the account {(e.Scope.Points.IsEmpty ? "no sync point" : string.Join(", ", e.Scope.Points))}.",
        IdentityEvent.PointAssigned => "The sync point came into the scope.",
        IdentityEvent.PointWithdrawn => "The sync point left the scope.",
        IdentityEvent.DeliveryQueued e => $"Due at {Stories.Time(e.DueAt)}.",
        IdentityEvent.DeliveryEnded e => $"{Capital(Stories.WordOf(e.End))}. {e.Reason}".TrimEnd(),
        IdentityEvent.AttemptStarted e => $"{(e.Attempt.Kind == AttemptKind.Recheck ? "Checks again" : e.Attempt.ProbeFirst ? "Probes, then writes" : "Writes")} until {Stories.Time(e.Attempt.Deadline)} at the latest.",
        IdentityEvent.AttemptFinished e => $"{Capital(Stories.WordOf(e.Outcome))}. {e.Outcome.Explain()} {SequelOf(e.Sequel)}".Replace("  ", " ", StringComparison.Ordinal).TrimEnd(),
        IdentityEvent.ObstacleMet e => $"{Capital(Stories.WordOf(e.Outcome))}. {e.Outcome.Explain()} {SequelOf(e.Sequel)}".Replace("  ", " ", StringComparison.Ordinal).TrimEnd(),
        _ => throw Unknown(happened),
    };

    private static string SequelOf(AttemptSequel sequel) => sequel switch
    {
        AttemptSequel.RetryAt retry => $"Tried again at {Stories.Time(retry.At)}.",
        AttemptSequel.Park => "Parked.",
        AttemptSequel.RecheckAt recheck => $"Checked again at {Stories.Time(recheck.At)}.",
        AttemptSequel.NextDue => "The newer change is due.",
        AttemptSequel.Settled { End: not DeliveryEnd.Delivered } settled => $"{Capital(Stories.WordOf(settled.End))}.",
        AttemptSequel.Withdrawn => "The sync point left the scope.",
        _ => "",
    };

    private static AccountId? AccountOf(IdentityEvent happened) => happened switch
    {
        IdentityEvent.CaptureAccepted e => e.Change.Account,
        IdentityEvent.CaptureIgnored e => e.Account,
        IdentityEvent.CaptureReported e => e.Account,
        IdentityEvent.AccountScoped e => e.Scope.Account,
        _ => null,
    };

    private static Guid? AttemptOf(IdentityEvent happened) => happened switch
    {
        IdentityEvent.AttemptStarted e => e.Attempt.AttemptId,
        IdentityEvent.AttemptFinished e => e.AttemptId,
        _ => null,
    };

    private string? TargetOf(IdentityEvent happened)
    {
        if (happened is IdentityEvent.AttemptStarted started)
        {
            if (attempts.Count >= ChangesMax) attempts.Clear();
            attempts[started.Attempt.AttemptId] = started;
        }

        return AttemptOf(happened) is { } id && attempts.TryGetValue(id, out var known) ? known.Attempt.Target.DisplayName : null;
    }

    private DeliveryTimes? TimesOf(IdentityEvent happened, IdentityEvent.CaptureAccepted? accepted) =>
        happened is IdentityEvent.AttemptFinished { Outcome.IsSuccess: true } finished && accepted is not null && attempts.TryGetValue(finished.AttemptId, out var started)
            ? new DeliveryTimes(finished.Point, accepted.Change, accepted.At, started.At, finished.At)
            : null;

    private async ValueTask<IdentityEvent.CaptureAccepted?> ChangeOfAsync(StoredEvent row, CaptureId captureId, CancellationToken cancellationToken)
    {
        if (row.Event is IdentityEvent.CaptureAccepted now) return Remember(captureId, now);
        if (changes.TryGetValue(captureId, out var known)) return known;
        return Remember(captureId, (await services.Queries.FindChangeAsync(row.Identity, captureId.Value, cancellationToken).ConfigureAwait(false))?.Event as IdentityEvent.CaptureAccepted);
    }

    private IdentityEvent.CaptureAccepted? Remember(CaptureId captureId, IdentityEvent.CaptureAccepted? accepted)
    {
        if (changes.Count >= ChangesMax) changes.Clear();
        return changes[captureId] = accepted;
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static InvalidOperationException Unknown(IdentityEvent happened) => new($"Internal error: unknown event {happened.GetType().Name}.");
}

/// <summary>Which rows are wanted; null everywhere for all.</summary>
internal sealed record PasswordLogFilter(IdentityId? Identity, string? Point, string? Source, Guid? ChangeSet, DateTimeOffset? Since);
