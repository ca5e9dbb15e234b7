using System.Collections.Immutable;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Cluster;

/// <summary>The other nodes of the cluster that live, as the database knows them; asked for at most once a second, unless somebody is looked for who is not among those known. Safe from any thread.</summary>
internal sealed class ClusterPeers(IClusterMembers members, string self, TimeProvider clock)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private sealed record Reading(ImmutableArray<ClusterMember> Living, long At);

    private volatile Reading? last;

    /// <summary>All nodes that live now, this one among them.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    public async ValueTask<ImmutableArray<ClusterMember>> LivingAsync(CancellationToken cancellationToken) =>
        last is { } known && clock.GetElapsedTime(known.At) < Freshness ? known.Living : await ReadAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>The other nodes that live now.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    public async ValueTask<ImmutableArray<Peer>> OthersAsync(CancellationToken cancellationToken) => Others(await LivingAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>Those of the other living nodes that are looked for. If none of the known ones is, the database is asked at once: one that has just joined is not known yet.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    public async ValueTask<ImmutableArray<Peer>> FindAsync(Func<Peer, bool> isMeant, CancellationToken cancellationToken)
    {
        ImmutableArray<Peer> found = [.. (await OthersAsync(cancellationToken).ConfigureAwait(false)).Where(isMeant)];
        return found.IsEmpty ? [.. Others(await ReadAsync(cancellationToken).ConfigureAwait(false)).Where(isMeant)] : found;
    }

    /// <summary>Where a node is reached; what is no HTTPS address is passed over.</summary>
    public static ImmutableArray<Uri> AddressesOf(ClusterMember member) =>
    [
        .. from text in member.Description.Addresses
           let address = Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri : null
           where address is not null
           select address,
    ];

    private ImmutableArray<Peer> Others(ImmutableArray<ClusterMember> living) =>
        [.. from member in living where member.Node.Name != self select new Peer(member.Node.Name, AddressesOf(member), member.Description.Labels)];

    private async ValueTask<ImmutableArray<ClusterMember>> ReadAsync(CancellationToken cancellationToken)
    {
        var at = clock.GetTimestamp();
        ImmutableArray<ClusterMember> living = [.. (await members.ListAsync(cancellationToken).ConfigureAwait(false)).Where(member => member.IsAlive)];
        last = new Reading(living, at);
        return living;
    }
}
