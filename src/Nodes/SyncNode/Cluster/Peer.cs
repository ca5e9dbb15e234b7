using System.Collections.Immutable;

namespace PasswordSync.SyncNode.Cluster;

/// <summary>Another node that lives.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Addresses">Where it is reached, in the order to try.</param>
/// <param name="Labels">What sync points are bound to it by.</param>
internal sealed record Peer(string Name, ImmutableArray<Uri> Addresses, ImmutableSortedSet<string> Labels);
