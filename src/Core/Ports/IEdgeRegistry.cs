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

    /// <summary>Refuses every certificate that was signed for an edge until a time, for ever: a later revocation moves the time on, and nothing moves it back.</summary>
    ValueTask RevokeAsync(EdgeRevocation revocation, CancellationToken cancellationToken);

    /// <summary>All revocations, by source and DC.</summary>
    ValueTask<ImmutableArray<EdgeRevocation>> ListRevocationsAsync(CancellationToken cancellationToken);
}

/// <summary>That certificates of an edge are refused.</summary>
/// <param name="Source">The source that the edge serves.</param>
/// <param name="DomainController">Its DC's host name, in lower case.</param>
/// <param name="At">Certificates that were signed until this time are refused; a later one is another matter.</param>
/// <param name="By">Who revoked them.</param>
/// <param name="Reason">Why; null if nobody said.</param>
public sealed record EdgeRevocation(SourceId Source, string DomainController, DateTimeOffset At, string By, string? Reason);

/// <summary>The last that was heard of an edge.</summary>
/// <param name="Source">The source it serves.</param>
/// <param name="DomainController">Its DC's host name.</param>
/// <param name="CertificateSerial">The serial number of its certificate, hexadecimal.</param>
/// <param name="SeenAt">When, by the node's clock.</param>
/// <param name="Version">The version that it runs.</param>
public sealed record EdgeSighting(SourceId Source, string DomainController, string CertificateSerial, DateTimeOffset SeenAt, string Version)
{
    /// <summary>What was heard that much later than this by the clock of whoever wrote it was written before that clock was set back: this one counts.</summary>
    public static TimeSpan ClockStep { get; } = TimeSpan.FromMinutes(5);

    /// <summary>When its certificate ends; null if that was not noted.</summary>
    public DateTimeOffset? CertificateUntil { get; init; }

    /// <summary>How many captures waited in its spool; null if it did not tell.</summary>
    public int? Spool { get; init; }

    /// <summary>What stood wrong there when it last told of itself; null if it never did.</summary>
    public EdgeAlarmsTold? Alarms { get; init; }
}

/// <summary>The alarms that an edge told of.</summary>
/// <param name="Names">Their names with commas between them; empty if none stood.</param>
/// <param name="At">When, by the node's clock.</param>
public sealed record EdgeAlarmsTold(string Names, DateTimeOffset At);

/// <summary>Versions of the cluster's configuration, oldest first; a new one is written only if it differs.</summary>
public interface IConfigurationVersions
{
    /// <summary>The version number of this text: that of the last version if it is the same, else a new one.</summary>
    ValueTask<long> PublishAsync(string body, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>The text that held at a time: of the last version that was published until then; null if there was none.</summary>
    ValueTask<string?> FindAsync(DateTimeOffset at, CancellationToken cancellationToken);
}
