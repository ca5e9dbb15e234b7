using PasswordSync.Core.Operations;
using PasswordSync.Hosting;
using PasswordSync.SyncNode.Operations.Edges;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary><c>sync status</c></summary>
internal sealed class Status(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("sync", "status", "Shows in one view whether every password arrives: troubles first, then sync points, edges and times.", "sync status");

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var counts = await services.Queries.CountAsync(long.MaxValue, cancellationToken).ConfigureAwait(false);
        var troubles = await new Troubles(services).MakeAsync(counts, cancellationToken).ConfigureAwait(false);
        var node = services.Configuration.Node;
        return new OperationResult.Answered(new Answer(
        [
            Section.Facts(
                null,
                ("status", troubles.Rows.IsEmpty ? "well" : $"{troubles.Rows.Length} {(troubles.Rows.Length == 1 ? "trouble" : "troubles")}"),
                ("node", $"{node.Name} of {node.Cluster}"),
                ("version", ProductVersion.Text),
                ("up since", services.StartedAt),
                ("shards of this node", $"{services.Engine.Ownership.Shards.Count} of {services.Store.Leases.ShardCount}")),
            Section.Facts(
                "in the whole cluster",
                ("people", counts.Identities),
                ("captures not decided", counts.Inbox),
                ("people with something to do", counts.Pending),
                ("sealed passwords held", counts.Secrets)),
            troubles,
            await PointTable.MakeAsync(services, "sync points", cancellationToken).ConfigureAwait(false),
            .. await new Rests(services).SectionsAsync(call.Caller.Name, cancellationToken).ConfigureAwait(false),
            await EdgeTable.MakeAsync(services, "edges", cancellationToken).ConfigureAwait(false),
            await new Latencies(services).MakeAsync(cancellationToken).ConfigureAwait(false),
        ]));
    }
}
