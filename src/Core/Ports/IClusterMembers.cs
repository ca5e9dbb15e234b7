using System.Collections.Immutable;

namespace PasswordSync.Core.Ports;

/// <summary>The nodes of the cluster, as their heartbeats tell of them.</summary>
public interface IClusterMembers
{
    /// <summary>Sets what this process tells of itself; stored with its next heartbeat.</summary>
    void Describe(NodeDescription description);

    /// <summary>All nodes that are known, by name: those that live, and those that left or died not too long ago.</summary>
    ValueTask<ImmutableArray<ClusterMember>> ListAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Gives the shards of a node that is dead or frozen back at once, without waiting for its heartbeat to expire. What it still has under way is fenced off, for a shard without an owner takes no append;
    /// should it wake up, it counts as living again and gets its share under new epochs.
    /// </summary>
    /// <param name="node">Which process of which node: another one that runs under its name meanwhile is not touched.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many shards it had.</returns>
    ValueTask<int> DownAsync(NodeId node, CancellationToken cancellationToken);
}

/// <summary>What a node tells of itself.</summary>
/// <param name="Addresses">Where edges and other nodes reach it.</param>
/// <param name="Labels">By which sync points are bound to nodes: "site=berlin".</param>
/// <param name="Version">The version of the product that it runs.</param>
public sealed record NodeDescription(ImmutableArray<string> Addresses, ImmutableSortedSet<string> Labels, string Version)
{
    /// <summary>A node that told nothing.</summary>
    public static NodeDescription None { get; } = new([], [], "");
}

/// <summary>A node as the database knows it.</summary>
/// <param name="Node">Its name and the number of its last start.</param>
/// <param name="Description">What it told of itself.</param>
/// <param name="BeganAt">When it started.</param>
/// <param name="SinceHeartbeat">How long ago its last heartbeat was, by the database's clock; zero where there is only one node.</param>
/// <param name="IsAlive">Whether that is less than the expiry, and it did not leave.</param>
/// <param name="Shards">How many shards it owns.</param>
public sealed record ClusterMember(NodeId Node, NodeDescription Description, DateTimeOffset BeganAt, TimeSpan SinceHeartbeat, bool IsAlive, int Shards)
{
    /// <summary>Whether it said that it leaves, or was taken down, and has not come back.</summary>
    public bool HasLeft { get; init; }
}
