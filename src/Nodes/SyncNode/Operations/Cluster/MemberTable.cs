using System.Collections.Immutable;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Operations.Cluster;

/// <summary>Nodes of the cluster in the words of the commands.</summary>
internal static class MemberTable
{
    /// <summary>In the order that operators know: address, labels, status, reachability, version; then what this product adds.</summary>
    public static ImmutableArray<ColumnDescription> Columns { get; } =
    [
        Column.Text("address"), Column.Text("labels"), Column.Text("status"), Column.Text("reachability"), Column.Text("version"), Column.Text("node"), Column.Number("shards"),
        Column.Duration("heartbeat", "last heartbeat"), Column.Time("since", "up since"),
    ];

    public static ImmutableArray<object?> Row(ClusterMember member) => Column.Row(
        AddressOf(member), $"[{string.Join(',', member.Description.Labels)}]", StatusOf(member), ReachabilityOf(member), member.Description.Version, member.Node.Name, member.Shards,
        member.SinceHeartbeat, member.BeganAt);

    public static string AddressOf(ClusterMember member) => member.Description.Addresses.IsEmpty ? member.Node.Name : member.Description.Addresses[0];

    public static string StatusOf(ClusterMember member) => member.HasLeft ? "left" : "up";

    public static string ReachabilityOf(ClusterMember member) => member.IsAlive ? "reachable" : "unreachable";

    /// <summary>The node of a name or an address; null if there is none.</summary>
    public static ClusterMember? Find(ImmutableArray<ClusterMember> members, string text) =>
        members.FirstOrDefault(member => member.Node.Name == text)
        ?? members.FirstOrDefault(member => member.Description.Addresses.Any(address => Bare(address).Equals(Bare(text), StringComparison.OrdinalIgnoreCase)));

    public static OperationResult.Refused NoSuchNode(ImmutableArray<ClusterMember> members, string text) =>
        new(RefusalReason.NotFound, $"There is no node '{text}': use one of {string.Join(", ", members.Select(member => member.Node.Name))}.");

    private static string Bare(string address) => address.Replace("https://", "", StringComparison.OrdinalIgnoreCase).TrimEnd('/');
}
