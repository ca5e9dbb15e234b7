using System.Collections.Immutable;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Cluster;

/// <summary>The other nodes of the cluster that live, as the database knows them; asked for at most once a second.</summary>
internal sealed class ClusterPeers(IClusterMembers members, string self, TimeProvider clock)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private (ImmutableArray<ClusterMember> Members, long At)? known;

    /// <summary>All nodes that live now, this one among them.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    public async ValueTask<ImmutableArray<ClusterMember>> LivingAsync(CancellationToken cancellationToken)
    {
        if (known is { } last && clock.GetElapsedTime(last.At) < Freshness) return last.Members;
        var at = clock.GetTimestamp();
        ImmutableArray<ClusterMember> living = [.. (await members.ListAsync(cancellationToken).ConfigureAwait(false)).Where(member => member.IsAlive)];
        known = (living, at);
        return living;
    }

    /// <summary>The other nodes that live now.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    public async ValueTask<ImmutableArray<Peer>> OthersAsync(CancellationToken cancellationToken) =>
    [
        .. from member in await LivingAsync(cancellationToken).ConfigureAwait(false)
           where member.Node.Name != self
           select new Peer(member.Node.Name, AddressesOf(member), member.Description.Labels),
    ];

    /// <summary>Where a node is reached; what is no HTTPS address is passed over.</summary>
    public static ImmutableArray<Uri> AddressesOf(ClusterMember member) =>
    [
        .. from text in member.Description.Addresses
           let address = Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri : null
           where address is not null
           select address,
    ];
}
