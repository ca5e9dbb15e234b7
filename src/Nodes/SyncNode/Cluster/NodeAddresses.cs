using System.Collections.Immutable;
using PasswordSync.Actors;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.SyncNode.Cluster;

/// <summary>Where edges may bring captures: the addresses of all living nodes, read from time to time and kept while the database is away.</summary>
internal sealed partial class NodeAddresses(ClusterPeers peers, ImmutableArray<Uri> own, TimeProvider clock, ILogger<NodeAddresses> logger)
{
    /// <summary>How often it is looked which nodes live.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    private ImmutableArray<ImmutableArray<Uri>> known = [own];

    /// <summary>
    /// The addresses for one edge, the one to try first in front. The order differs from edge to edge and stays the same while the nodes do, so that edges spread over the nodes and
    /// few of them move when one comes or goes.
    /// </summary>
    public ImmutableArray<Uri> For(PeerName.Edge edge)
    {
        ImmutableArray<Uri> all = [.. known.OrderBy(node => Weight(edge, node)).SelectMany(node => node)];
        return all.IsEmpty ? own : all;
    }

    /// <summary>Runs until cancelled. Never fails.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Repeating.RunAsync(
        async token =>
        {
            known = [.. (await peers.LivingAsync(token).ConfigureAwait(false)).Select(ClusterPeers.AddressesOf).Where(addresses => !addresses.IsEmpty)];
            await Task.Delay(LookInterval, clock, token).ConfigureAwait(false);
        },
        failure => LogNotRead(failure is StorageUnavailableException ? failure.Message : failure.GetType().Name),
        LookInterval,
        clock,
        cancellationToken);

    // FNV-1a: the same on every node, which string hash codes are not.
    private static uint Weight(PeerName.Edge edge, ImmutableArray<Uri> node)
    {
        var hash = 2166136261u;
        foreach (var letter in $"{edge.Source}/{edge.DomainController} {node[0]}") hash = (hash ^ letter) * 16777619u;
        return hash;
    }

    [LoggerMessage(4041, LogLevel.Warning, "Which nodes live could not be read; edges are told of those known before: {Reason}")]
    private partial void LogNotRead(string reason);
}
