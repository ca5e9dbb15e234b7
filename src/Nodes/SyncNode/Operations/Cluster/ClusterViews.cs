using System.Collections.Immutable;
using PasswordSync.Core.Operations;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.SyncNode.Operations.Cluster;

/// <summary><c>cluster show</c></summary>
internal sealed class ClusterShow(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("cluster", "show", "Lists the nodes of the cluster, as their heartbeats tell of them.", "cluster show");

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken) => new OperationResult.Answered(Answer.Of(Section.Table(
        null, "node|nodes", MemberTable.Columns, (await services.Store.Members.ListAsync(cancellationToken).ConfigureAwait(false)).Select(MemberTable.Row))));
}

/// <summary><c>cluster status</c></summary>
internal sealed class ClusterStatus(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("cluster", "status", "Shows the cluster in figures, and how this node stands in it.", "cluster status");

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var members = await services.Store.Members.ListAsync(cancellationToken).ConfigureAwait(false);
        var shards = await services.Queries.ListShardsAsync(cancellationToken).ConfigureAwait(false);
        var (node, own) = (services.Configuration.Node, services.Engine.Ownership);
        return new OperationResult.Answered(Answer.Of(Section.Facts(
            null,
            ("cluster", node.Cluster),
            ("nodes up and reachable", members.Count(member => member.IsAlive)),
            ("nodes unreachable", members.Count(member => !member.IsAlive && !member.HasLeft)),
            ("nodes that left", members.Count(member => member.HasLeft)),
            ("shards", $"{shards.Count(shard => shard.Owner is not null)} of {services.Store.Leases.ShardCount} have an owner"),
            ("this node", node.Name),
            ("its shards", own.Shards.Count),
            ("its lease", own.RemainingTime > TimeSpan.Zero ? $"valid for {own.RemainingTime.TotalSeconds:0.0} s, renewed all the time" : "none: it decides nothing"),
            ("database", NodeStore.Describe(services.Configuration)))));
    }
}

/// <summary><c>cluster leader</c></summary>
internal sealed class ClusterLeader(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("cluster", "leader", "Says who coordinates: there is no leader, but the few things that one node does for all are named.", "cluster leader");

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var shards = await services.Queries.ListShardsAsync(cancellationToken).ConfigureAwait(false);
        var keyMaker = shards.FirstOrDefault(shard => shard.Shard == 0)?.Owner;
        return new OperationResult.Answered(Answer.Of(Section.Facts(
            null,
            ("leader", "none: no node leads, and none is elected"),
            ("who coordinates", ClusterJoin.IsShared(services)
                ? "the database: each node takes its equal share of the shards by itself, and the row of a shard says who owns it, under an epoch that only grows"
                : "nobody needs to: this is the only node, and its lock on the database file keeps any other out"),
            ("makes new envelope keys", keyMaker is null ? "nobody now: the owner of shard 0 does, and it has none" : $"{keyMaker}, the owner of shard 0"),
            ("signs nodes and edges", ClusterAuthority.IsIn(services.Configuration.DataFolder) ? $"{services.Configuration.Node.Name}: the authority's key is here" : "the node that has the authority's key (ca.key); this one has not"))));
    }
}

/// <summary><c>cluster join</c></summary>
internal sealed class ClusterJoin(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Number("step"), Column.Text("where"), Column.Text("do")];

    public override CommandDescription Description { get; } = Show(
        "cluster", "join", "Tells, step by step, how a further node joins this cluster. It changes nothing: a node joins by its own configuration and a signed certificate.", "cluster join -node south")
        with
    { Parameters = [Parameter.Option("node", "n", "The new node's name.", "NAME")] };

    /// <summary>Whether several nodes can share the database.</summary>
    public static bool IsShared(OperationServices services) => services.Configuration.Node.Database.Kind != "sqlite";

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        if (!IsShared(services))
        {
            return new OperationResult.Refused(RefusalReason.Conflict, "This node keeps its data in a file of its own (SQLite), which no other node can share. A cluster of several nodes needs a PostgreSQL database from its beginning: docs/operations/postgresql.md.");
        }

        var (node, name) = (services.Configuration.Node, call.Needed("node"));
        var living = (await services.Store.Members.ListAsync(cancellationToken).ConfigureAwait(false)).Where(member => member.IsAlive).SelectMany(member => member.Description.Addresses);
        var authority = ClusterAuthority.IsIn(services.Configuration.DataFolder) ? node.Name : "the node with ca.key";
        (string Where, string Do)[] steps =
        [
            (name, $"node.json: cluster '{node.Cluster}', name '{name}', a passphrase of its own, the same database, scopes and points as here, and join: [{string.Join(", ", living.Select(address => $"\"{address.TrimEnd('/')}\""))}]"),
            (name, $"PasswordSync.SyncNode request --config node.json --out {name}.csr"),
            (authority, $"PasswordSync.SyncNode sign-node --config node.json --name {name} --host HOST --request {name}.csr --out {name}.pem"),
            (name, $"put {name}.pem into its data folder as node.pem, and {authority}'s ca.pem beside it"),
            (name, "start its service: it fetches the key ring and takes its share of the shards"),
            ("anywhere", "pbm cluster show: it is up and reachable"),
        ];
        return new OperationResult.Answered(Answer.Of(Section.Table(null, "step|steps", Columns, steps.Select((step, index) => Column.Row(index + 1, step.Where, step.Do)))));
    }
}
