using System.Collections.Immutable;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Ports;

/// <summary>The edges that nodes know, and versions of the configuration that nodes gave them.</summary>
public interface IEdgeRegistry
{
    /// <summary>Notes that an edge was heard of; makes its row at the first time.</summary>
    ValueTask SawAsync(EdgeSighting sighting, CancellationToken cancellationToken);

    /// <summary>All edges, by source and DC.</summary>
    ValueTask<ImmutableArray<EdgeSighting>> ListAsync(CancellationToken cancellationToken);
}

/// <summary>The last that was heard of an edge.</summary>
/// <param name="Source">The source it serves.</param>
/// <param name="DomainController">Its DC's host name.</param>
/// <param name="CertificateSerial">The serial number of its certificate, hexadecimal.</param>
/// <param name="SeenAt">When, by the node's clock.</param>
/// <param name="Version">The version that it runs.</param>
public sealed record EdgeSighting(SourceId Source, string DomainController, string CertificateSerial, DateTimeOffset SeenAt, string Version);

/// <summary>Versions of the cluster's configuration, oldest first; a new one is written only if it differs.</summary>
public interface IConfigurationVersions
{
    /// <summary>The version number of this text: that of the last version if it is the same, else a new one.</summary>
    ValueTask<long> PublishAsync(string body, DateTimeOffset at, CancellationToken cancellationToken);
}
