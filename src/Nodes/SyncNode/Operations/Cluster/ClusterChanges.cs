using System.Collections.Immutable;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Cluster.Requests;

namespace PasswordSync.SyncNode.Operations.Cluster;

/// <summary><c>cluster leave</c></summary>
internal sealed class ClusterLeave(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Change(
        OperatorRole.Administrator, "cluster", "leave", "Lets a node leave: it takes nothing new, lets its deliveries end, hands its shards over at once, and its process ends. Without -a, this node.", "cluster leave", "cluster leave -a south")
        with
    { Parameters = [Parameter.Node] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var members = await services.Store.Members.ListAsync(cancellationToken).ConfigureAwait(false);
        var (self, wanted) = (services.Configuration.Node.Name, call.Text("address") ?? services.Configuration.Node.Name);
        if (MemberTable.Find(members, wanted) is not { } member) return MemberTable.NoSuchNode(members, wanted);
        if (!member.IsAlive) return new OperationResult.Refused(RefusalReason.Conflict, $"'{member.Node}' is not reachable: it cannot be asked to leave. 'cluster down -a {member.Node}' takes its shards from it.");
        if (!members.Any(other => other.IsAlive && other.Node.Name != member.Node.Name))
        {
            return new OperationResult.Refused(RefusalReason.Conflict, $"'{member.Node}' is the only node that lives: nobody would take its shards over. To end it all the same, stop its service; edges keep captures until it is back.");
        }

        if (member.Node.Name == self) services.Departure.Request(call.Caller.Name);
        else if ((await services.Nodes.AskAsync(member.Node.Name, new NodeRequest.Leave(call.Caller.Name), cancellationToken).ConfigureAwait(false)).Unavailable is { } why) return new OperationResult.Refused(RefusalReason.Unavailable, why);
        return new OperationResult.Answered(
            Answer.Of(Section.Facts(null, ("node", member.Node.Name), ("state", "leaves"), ("shards to hand over", member.Shards), ("back", "start its service again"))),
            Before: $"{member.Node} is up with {member.Shards} shards", After: $"{member.Node} leaves");
    }
}

/// <summary><c>cluster down</c></summary>
internal sealed class ClusterDown(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Change(
        OperatorRole.Administrator, "cluster", "down",
        "Takes the shards of a dead or frozen node from it at once, before its heartbeat expires. What it may still have under way is fenced off by the epoch; should it wake up, it counts as living again.",
        "cluster down -a south", "cluster down -a south -force")
        with
    {
        Parameters =
        [
            Parameter.Node with { Required = true },
            new ParameterDescription("force", "-f", "flag", "Also a node whose heartbeat has not expired: one of which you know that it is frozen or cut off.", false, false, false, null),
        ],
    };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var members = await services.Store.Members.ListAsync(cancellationToken).ConfigureAwait(false);
        var wanted = call.Needed("address");
        if (MemberTable.Find(members, wanted) is not { } member) return MemberTable.NoSuchNode(members, wanted);
        if (member.Node.Name == services.Configuration.Node.Name) return new OperationResult.Refused(RefusalReason.Conflict, $"'{member.Node}' is this node, and it lives: 'cluster leave' lets it go in order.");
        if (member.HasLeft) return new OperationResult.Refused(RefusalReason.Conflict, $"'{member.Node}' has left already: it has no shards.");
        if (member.IsAlive && !call.Flag("force"))
        {
            return new OperationResult.Refused(RefusalReason.Conflict, $"'{member.Node}' lives: its last heartbeat was {member.SinceHeartbeat.TotalSeconds:0.0} s ago. 'cluster leave -a {member.Node}' lets it go in order; -force if you know that it is frozen.");
        }

        return await Downing.RunAsync(services, [member], cancellationToken).ConfigureAwait(false);
    }
}

/// <summary><c>cluster down-unreachable</c></summary>
internal sealed class ClusterDownUnreachable(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Change(
        OperatorRole.Administrator, "cluster", "down-unreachable", "Takes down every node whose heartbeat has expired. The living nodes take over from such nodes by themselves; this also ends their sessions at the database and lists them as left.", "cluster down-unreachable");

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var members = await services.Store.Members.ListAsync(cancellationToken).ConfigureAwait(false);
        return await Downing.RunAsync(services, [.. members.Where(member => !member.IsAlive && !member.HasLeft && member.Node.Name != services.Configuration.Node.Name)], cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>Takes nodes down and says so.</summary>
internal static class Downing
{
    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("address"), Column.Text("node"), Column.Duration("heartbeat", "last heartbeat"), Column.Number("shards", "shards it had")];

    public static async Task<OperationResult> RunAsync(OperationServices services, ImmutableArray<ClusterMember> members, CancellationToken cancellationToken)
    {
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>();
        foreach (var member in members)
        {
            var shards = await services.Store.Members.DownAsync(member.Node, cancellationToken).ConfigureAwait(false);
            rows.Add(Column.Row(MemberTable.AddressOf(member), member.Node.Name, member.SinceHeartbeat, shards));
        }

        return new OperationResult.Answered(
            Answer.Of(Section.Table(null, "node taken down|nodes taken down", Columns, rows)),
            Before: string.Join(", ", members.Select(member => $"{member.Node}: {MemberTable.ReachabilityOf(member)}, {member.Shards} shards")),
            After: members.IsEmpty ? "none was unreachable" : string.Join(", ", members.Select(member => $"{member.Node}: down")));
    }
}
