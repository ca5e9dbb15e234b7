using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Operations.Edges;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>What is wrong now, worst first, each with what to do: read from the identities that have something to do, the edges, and the node.</summary>
internal sealed class Troubles(OperationServices services)
{
    /// <summary>How many identities are looked at; beyond it the counts are of these.</summary>
    public const int IdentitiesMax = 1_000;

    /// <summary>Captures that are not decided after so long are a trouble.</summary>
    private static readonly TimeSpan InboxLateAfter = TimeSpan.FromSeconds(30);

    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("what"), Column.Number("people"), Column.Time("since"), Column.Text("reason"), Column.Text("remedy")];

    public async Task<Section> MakeAsync(StoreCounts counts, CancellationToken cancellationToken)
    {
        var rows = new List<ImmutableArray<object?>>();
        foreach (var trouble in await services.Health.ReadyAsync(cancellationToken).ConfigureAwait(false)) rows.Add(Column.Row("node", null, null, trouble, "pbm doctor"));
        foreach (var warning in services.Health.Warnings()) rows.Add(Column.Row("database", null, null, warning, "docs/operations/postgresql.md"));
        if (counts.InboxOldest is { } oldest && services.Now - oldest > InboxLateAfter) rows.Add(Column.Row("inbox", null, oldest, $"{counts.Inbox} captures are not decided", "pbm log tail"));
        rows.AddRange(services.Parts.Credentials.FindEnding(services.Now).Select(ending => Column.Row("certificate", null, null, $"{ending.What} ends at {Stories.Time(ending.Ends)}", ending.Remedy)));
        rows.AddRange(await EdgesAsync(cancellationToken).ConfigureAwait(false));
        rows.AddRange(services.Switchboard.Current.Values.OrderBy(off => off.Point).Select(off => Column.Row(
            off.Point.Value, null, off.Since, $"{(off.IsDisabled ? "disabled" : "paused")} by {off.By}{(off.Reason is { } reason ? $": {reason}" : "")}", $"pbm sync point {(off.IsDisabled ? "enable" : "resume")} {off.Point}")));
        rows.AddRange(await DeliveriesAsync(cancellationToken).ConfigureAwait(false));
        return Section.Table("troubles", "trouble|troubles", Columns, rows);
    }

    private async Task<IEnumerable<ImmutableArray<object?>>> EdgesAsync(CancellationToken cancellationToken) =>
        from edge in await services.Store.Edges.ListAsync(cancellationToken).ConfigureAwait(false)
        where EdgeTable.StateOf(edge, services) == EdgeTable.Gone
        select Column.Row($"edge {edge.Source}/{edge.DomainController}", null, edge.SeenAt, "not heard of since; its captures wait in its spool", "see that passwordsync-edge runs there and reaches this node");

    // Troubles are counted by target and reason; two reasons that differ only in the person's name are one trouble with an example.
    private async Task<IEnumerable<ImmutableArray<object?>>> DeliveriesAsync(CancellationToken cancellationToken)
    {
        var found = new List<(SyncPointId Point, string State, string Reason, DateTimeOffset Since)>();
        var pending = await services.Queries.ListPendingAsync(after: null, IdentitiesMax, cancellationToken).ConfigureAwait(false);
        foreach (var state in await services.LoadAsync(pending.Select(one => one.Identity), cancellationToken).ConfigureAwait(false))
        {
            foreach (var (point, known) in state.Points)
            {
                if (known is PointState.Waiting { LastFailure: { } failure } waiting) found.Add((point, "failing", failure, waiting.Delivery.Change.Stages.CapturedAt));
                if (known is PointState.Parked parked) found.Add((point, "parked", parked.Explanation, parked.Delivery.Change.Stages.CapturedAt));
            }
        }

        return from one in found
               group one by (one.Point, one.State) into trouble
               orderby trouble.Count() descending
               let common = trouble.GroupBy(one => one.Reason).MaxBy(reasons => reasons.Count())!
               select Column.Row(
                   $"{trouble.Key.Point}: {trouble.Key.State}", trouble.Count(), trouble.Min(one => one.Since), common.Key,
                   trouble.Key.State == "parked" ? $"pbm sync parked list -p {trouble.Key.Point}" : $"pbm sync point verify {trouble.Key.Point}");
    }
}
