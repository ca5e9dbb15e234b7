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

    /// <summary>The points that an operator has disabled, as known at this node now: changes for them end at once, or wait behind an attempt that is in flight. Default: none.</summary>
    ImmutableSortedSet<SyncPointId> Disabled => [];
}

/// <summary>Asks the source of captures what their edge could not tell, or what is not to be believed of it unasked.</summary>
public interface ICandidateSettler
{
    /// <summary>Finds out by binds which of several captures caused a stamp.</summary>
    Task<CandidateVerdict> SettleAsync(Arrival.Ambiguous ambiguous, CancellationToken cancellationToken);

    /// <summary>Asks the source whether it has the stamp of a capture, or a greater one: a stamp far ahead of what is known is not believed unasked.</summary>
    Task<CandidateVerdict> ConfirmAsync(Change change, CancellationToken cancellationToken);
}

/// <summary>What a settler found. A closed set.</summary>
public abstract record CandidateVerdict
{
    private CandidateVerdict() { }

    /// <summary>This one caused the stamp.</summary>
    public sealed record Caused(Change Change) : CandidateVerdict;

    /// <summary>It cannot be known; none is sent. Alarmed.</summary>
    public sealed record Unknown(string Reason) : CandidateVerdict;

    /// <summary>It cannot be told now.</summary>
    public sealed record TryAgain(TimeSpan After, string Reason) : CandidateVerdict
    {
        /// <summary>Whether the source as a whole could not be asked, so that its other rows need not be tried meanwhile either.</summary>
        public bool IsOfSource { get; init; } = true;
    }
}
