using System.Collections.Immutable;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Cluster.Requests;

namespace PasswordSync.SyncNode.Operations.Cluster;

/// <summary>The regions: things that are spread over the nodes by shards.</summary>
internal static class Regions
{
    /// <summary>The one there is: an actor for each person with something to do.</summary>
    public const string Identities = "identities";
}

/// <summary><c>cluster-sharding list-regions</c></summary>
internal sealed class RegionList(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("region"), Column.Text("entity"), Column.Number("shards"), Column.Number("entities", "live here"), Column.Number("people"), Column.Number("pending", "with something to do")];

    public override CommandDescription Description { get; } = Show("cluster-sharding", "list-regions", "Lists what is spread over the nodes by shards.", "cluster-sharding list-regions");

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var counts = await services.Queries.CountAsync(long.MaxValue, cancellationToken).ConfigureAwait(false);
        return new OperationResult.Answered(Answer.Of(Section.Table(null, "region|regions", Columns,
            [Column.Row(Regions.Identities, "a person, live while there is something to do", services.Store.Leases.ShardCount, services.Engine.CountIdentities(), counts.Identities, counts.Pending)])));
    }
}

/// <summary><c>cluster-sharding list-shards</c></summary>
internal sealed class ShardList(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Number("shard"), Column.Text("owner"), Column.Number("epoch"), Column.Flag("here", "here, lease valid")];

    public override CommandDescription Description { get; } = Show("cluster-sharding", "list-shards", "Lists the shards with their owners and epochs.", "cluster-sharding list-shards", "cluster-sharding list-shards -a south")
        with
    { Parameters = [Parameter.Node, Parameter.Limit with { Default = $"{Parameter.RowsMax}" }] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        string? owner = null;
        if (call.Text("address") is { } wanted)
        {
            var members = await services.Store.Members.ListAsync(cancellationToken).ConfigureAwait(false);
            if (MemberTable.Find(members, wanted) is not { } member) return MemberTable.NoSuchNode(members, wanted);
            owner = member.Node.Name;
        }

        var shards = await services.Queries.ListShardsAsync(cancellationToken).ConfigureAwait(false);
        return new OperationResult.Answered(Answer.Of(Section.Table(
            null, "shard|shards", Columns, shards.Where(shard => owner is null || shard.Owner == owner).Take(call.Rows())
                .Select(shard => Column.Row(shard.Shard, shard.Owner, shard.Epoch, services.Engine.Ownership.EpochOf(shard.Shard) == shard.Epoch)))));
    }
}

/// <summary><c>cluster-sharding region-stats</c></summary>
internal sealed class RegionStats(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> Columns =
    [
        Column.Text("address"), Column.Text("labels"), Column.Text("status"), Column.Text("reachability"), Column.Text("version"), Column.Number("shards"), Column.Number("entities", "entities live"),
    ];

    public override CommandDescription Description { get; } = Show("cluster-sharding", "region-stats", "Shows how a region is spread over the nodes; every living node is asked for its own figure.", "cluster-sharding region-stats -r identities")
        with
    { Parameters = [Parameter.Option("region", "r", "The region.", Regions.Identities)] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var region = call.Needed("region");
        if (region != Regions.Identities) return new OperationResult.Refused(RefusalReason.NotFound, $"There is no region '{region}': use {Regions.Identities}.");
        var members = await services.Store.Members.ListAsync(cancellationToken).ConfigureAwait(false);
        var counts = await Task.WhenAll(members.Select(member => CountAsync(member, call.Caller.Name, cancellationToken))).ConfigureAwait(false);
        return new OperationResult.Answered(Answer.Of(Section.Table(
            null, "node|nodes", Columns, members.Select((member, index) => Column.Row(
                MemberTable.AddressOf(member), $"[{string.Join(',', member.Description.Labels)}]", MemberTable.StatusOf(member), MemberTable.ReachabilityOf(member), member.Description.Version, member.Shards, counts[index])))));
    }

    // Empty for a node that cannot be asked.
    private async Task<int?> CountAsync(ClusterMember member, string by, CancellationToken cancellationToken)
    {
        if (member.Node.Name == services.Configuration.Node.Name) return services.Engine.CountIdentities();
        if (!member.IsAlive) return null;
        var reply = await services.Nodes.AskAsync(member.Node.Name, new NodeRequest.CountIdentities(by), cancellationToken).ConfigureAwait(false);
        return reply.Unavailable is null ? reply.Count : null;
    }
}
