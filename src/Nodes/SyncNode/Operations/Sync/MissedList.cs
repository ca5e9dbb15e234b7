using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.Journal;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary><c>sync missed list</c></summary>
internal sealed class MissedList(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> Columns =
        [Column.Text("user"), Column.Text("point"), Column.Text("why"), Column.Text("reason"), Column.Time("since"), Column.Text("action", "you can"), Column.Text("identity")];

    public override CommandDescription Description { get; } = Show(
        "sync", "missed list", "Lists passwords that never arrived and will not by themselves: expired, unusable, come while the point was disabled, or not proven to be the domain's; the longest first.",
        "sync missed list", "sync missed list -p mail -l 20")
        with
    { Parameters = [Parameter.OnlyPoint, Parameter.Limit] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var point = call.Text("point");
        if (point is not null && services.FindPoint(point) is null) return services.NoSuchPoint(point);
        var rows = new List<ImmutableArray<object?>>();
        var missed = await services.Queries.ListMissedAsync(point is null ? null : new SyncPointId(point), call.Rows(), cancellationToken).ConfigureAwait(false);
        foreach (var (row, loaded) in missed.Zip(await services.LoadAsync(missed.Select(row => row.Identity), cancellationToken).ConfigureAwait(false)))
        {
            if (services.FindPoint(row.Point.Value) is null) continue;
            if (loaded.State is not { } state)
            {
                var user = await services.NameOfUnreadableAsync(row.Identity, cancellationToken).ConfigureAwait(false);
                rows.Add(Column.Row(user, row.Point.Value, LoadedIdentity.Unreadable, loaded.UnreadableBecause, row.Since, null, row.Identity.ToString()));
            }
            else if (RowOf(row, state) is { } shown) rows.Add(shown);
        }

        // Of no point in particular.
        if (point is null)
        {
            foreach (var capture in await services.Queries.ListUnconfirmedAsync(call.Rows(), cancellationToken).ConfigureAwait(false)) rows.Add(await RowOfAsync(capture, cancellationToken).ConfigureAwait(false));
        }

        return new OperationResult.Answered(Answer.Of(Section.Table(null, "missed password|missed passwords", Columns, rows.OrderBy(row => (DateTimeOffset)row[4]!).Take(call.Rows()))));
    }

    // The list says where to look, the fold of the events says what is.
    private ImmutableArray<object?>? RowOf(StuckDelivery row, IdentityState state)
    {
        if (state.Points.GetValueOrDefault(row.Point) is not PointState.Idle { IsMissed: true, Last: { } last } known) return null;
        var user = state.Newest?.Names.SamAccountName;
        var action = Stories.ActionOf(known, last: null, user ?? $"{row.Identity}", PointSettingsView.Of(row.Point, state, services));
        return Column.Row(user, row.Point.Value, Stories.WordOf(last.End), last.Reason, last.At, action, row.Identity.ToString());
    }

    private async Task<ImmutableArray<object?>> RowOfAsync(UnconfirmedCapture capture, CancellationToken cancellationToken)
    {
        string? user = null;
        try
        {
            await foreach (var row in services.Store.Journal.ReadEventsAsync(capture.Identity, capture.Sequence, cancellationToken).ConfigureAwait(false))
            {
                user = CaptureNames.TraceOf(row.Event)?.AccountName;
                break;
            }
        }
        catch (UnreadableRecordException)
        {
            user = await services.NameOfUnreadableAsync(capture.Identity, cancellationToken).ConfigureAwait(false);
        }

        return Column.Row(user, null, "unconfirmed", Stories.WordOf(CaptureVerdict.Unconfirmed), capture.Since, "Have the password changed again.", capture.Identity.ToString());
    }
}
