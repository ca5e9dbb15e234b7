using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>Says which sync points the scopes of a source assign.</summary>
public interface IScopeMap
{
    /// <summary>The points of the named scopes of the source, in the configuration of the moment; names that it does not know assign none.</summary>
    ImmutableSortedSet<SyncPointId> PointsOf(SourceId source, ImmutableArray<string> scopes);
}

/// <summary>Finds out, by one bind at the source, which of several captures caused a stamp.</summary>
public interface ICandidateSettler
{
    Task<CandidateVerdict> SettleAsync(Arrival.Ambiguous ambiguous, CancellationToken cancellationToken);
}

/// <summary>What a settler found. A closed set.</summary>
public abstract record CandidateVerdict
{
    private CandidateVerdict() { }

    /// <summary>This one caused the stamp.</summary>
    public sealed record Caused(Change Change) : CandidateVerdict;

    /// <summary>It cannot be known; none is sent. Alarmed.</summary>
    public sealed record Unknown(string Reason) : CandidateVerdict;

    /// <summary>The source could not be asked now.</summary>
    public sealed record TryAgain(TimeSpan After, string Reason) : CandidateVerdict;
}
