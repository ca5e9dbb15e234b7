using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Operations.Edges;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>What is wrong now, worst first, each with what to do: read from the store, the edges, and the node.</summary>
internal sealed class Troubles(OperationServices services)
{
    /// <summary>Captures that are not decided after so long are a trouble.</summary>
    private static readonly TimeSpan InboxLateAfter = TimeSpan.FromSeconds(30);

    /// <summary>Up to how many unconfirmed captures are counted.</summary>
    private const int UnconfirmedMax = 1_000;

    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("what"), Column.Number("people"), Column.Time("since"), Column.Text("reason"), Column.Text("remedy")];

    public async Task<Section> MakeAsync(StoreCounts counts, CancellationToken cancellationToken)
    {
        var rows = new List<ImmutableArray<object?>>();
        foreach (var trouble in await services.Health.ReadyAsync(cancellationToken).ConfigureAwait(false)) rows.Add(Column.Row("node", null, null, trouble, "pbm doctor"));
        foreach (var warning in services.Health.Warnings()) rows.Add(Column.Row("database", null, null, warning, "docs/operations/postgresql.md"));
        if (counts.InboxOldest is { } oldest && services.Now - oldest > InboxLateAfter) rows.Add(Column.Row("inbox", null, oldest, $"{counts.Inbox} {(counts.Inbox == 1 ? "capture is" : "captures are")} not decided", "pbm sync inbox"));
        rows.AddRange(services.Parts.Credentials.FindEnding(services.Now).Select(ending => Column.Row("certificate", null, null, $"{ending.What} ends at {Stories.Time(ending.Ends)}", ending.Remedy)));
        var edges = await services.Store.Edges.ListAsync(cancellationToken).ConfigureAwait(false);
        rows.AddRange(Gone(edges));
        rows.AddRange(EdgeTroubles.Of(edges, services));
        rows.AddRange(services.Switchboard.Current.Values.OrderBy(off => off.Point).Select(off => Column.Row(
            off.Point.Value, null, off.Since, $"{(off.IsDisabled ? "disabled" : "paused")} by {off.By}{(off.Reason is { } reason ? $": {reason}" : "")}", $"pbm sync point {(off.IsDisabled ? "enable" : "resume")} {off.Point}")));
        rows.AddRange(await new DeliveryTroubles(services.Store, point => services.FindPoint(point.Value) is not null).FindAsync(cancellationToken).ConfigureAwait(false));
        rows.AddRange(await UnconfirmedAsync(cancellationToken).ConfigureAwait(false));
        return Section.Table("troubles", "trouble|troubles", Columns, rows);
    }

    private async Task<IEnumerable<ImmutableArray<object?>>> UnconfirmedAsync(CancellationToken cancellationToken)
    {
        var captures = await services.Queries.ListUnconfirmedAsync(UnconfirmedMax, cancellationToken).ConfigureAwait(false);
        return captures.IsEmpty ? [] :
        [
            Column.Row(
                "unconfirmed", (long)captures.Length, captures[0].Since, $"Not sent{(captures.Length == UnconfirmedMax ? $", {UnconfirmedMax} or more" : "")}: {Stories.WordOf(CaptureVerdict.Unconfirmed)}.", "pbm sync missed list"),
        ];
    }

    private IEnumerable<ImmutableArray<object?>> Gone(IEnumerable<EdgeSighting> edges) =>
        from edge in edges
        where EdgeTable.StateOf(edge, services) == EdgeTable.Gone
        select Column.Row($"edge {edge.Source}/{edge.DomainController}", null, edge.SeenAt, "not heard of since; its captures wait in its spool", "see that passwordsync-edge runs there and reaches this node");
}
