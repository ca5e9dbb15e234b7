using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Operations;
using PasswordSync.SyncNode.Cluster.Requests;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>Which sync points rest, where, and why. Each node's rest by themselves, and nobody else knows of it: so every living node is asked.</summary>
internal sealed class Rests(OperationServices services)
{
    /// <summary>How long another node may take to answer: one that is silent holds up no operator for longer.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(3);

    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("point"), Column.Text("node"), Column.Time("until"), Column.Text("reason")];

    private string Self => services.Configuration.Node.Name;

    /// <summary>A table of all rests, and of the nodes that could not be asked; nothing if there are none.</summary>
    public async Task<ImmutableArray<Section>> SectionsAsync(string by, CancellationToken cancellationToken)
    {
        var nodes = (await services.ListLivingOthersAsync(cancellationToken).ConfigureAwait(false)).Append(Self).Order(StringComparer.Ordinal);
        var told = await Task.WhenAll(nodes.Select(node => AtAsync(node, by, cancellationToken))).ConfigureAwait(false);
        var rows = told.SelectMany(RowsOf).ToList();
        return rows.Count == 0 ? [] : [Section.Table("sync points that rest", "rest|rests", Columns, rows)];
    }

    /// <summary>The rests at the node that has an identity; of none, if nobody has it now.</summary>
    public async Task<NodeRests> OfOwnerAsync(IdentityId identity, string by, CancellationToken cancellationToken)
    {
        var shard = identity.Shard(services.Store.Leases.ShardCount);
        if (services.Engine.Ownership.EpochOf(shard) is not null) return await AtAsync(Self, by, cancellationToken).ConfigureAwait(false);
        var shards = await services.Queries.ListShardsAsync(cancellationToken).ConfigureAwait(false);
        return shards.FirstOrDefault(row => row.Shard == shard)?.Owner is { } owner && owner != Self
            ? await AtAsync(owner, by, cancellationToken).ConfigureAwait(false)
            : new NodeRests(Self, [], NoAnswerBecause: null);
    }

    private async Task<NodeRests> AtAsync(string node, string by, CancellationToken cancellationToken)
    {
        if (node == Self) return new NodeRests(Self, RestingPoint.Of(await services.Engine.ShowPointsAsync(cancellationToken).ConfigureAwait(false)), NoAnswerBecause: null);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerTimeout);
        try
        {
            var reply = await services.Nodes.AskAsync(node, new NodeRequest.ShowRests(by), limit.Token).ConfigureAwait(false);
            return new NodeRests(node, reply.Rests ?? [], reply.Rests is null ? reply.Unavailable ?? "It answered something else: it runs another version." : null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new NodeRests(node, [], $"It did not answer within {AnswerTimeout.TotalSeconds} s.");
        }
    }

    private static IEnumerable<ImmutableArray<object?>> RowsOf(NodeRests told) => told.NoAnswerBecause is { } why
        ? [Column.Row(null, told.Node, null, $"What rests there is not known. {why}")]
        : told.Points.Select(rest => Column.Row(rest.Point, told.Node, rest.Until, rest.Why));
}

/// <summary>The sync points that rest at one node.</summary>
/// <param name="Node">The node.</param>
/// <param name="Points">Those that rest.</param>
/// <param name="NoAnswerBecause">Why that is not known; null if it is.</param>
internal sealed record NodeRests(string Node, ImmutableArray<RestingPoint> Points, string? NoAnswerBecause)
{
    /// <summary>The rest of one point; null if it does not rest.</summary>
    public RestingPoint? Of(SyncPointId point) => Points.FirstOrDefault(rest => rest.Point == point.Value);
}
