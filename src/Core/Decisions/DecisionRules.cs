using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Decisions;

/// <summary>The settings that decisions depend on. The journal does not hold them; they may differ from one decision to the next.</summary>
public sealed record DecisionRules
{
    public static DecisionRules Default { get; } = new();

    /// <summary>Retry policies of sync points; a point without one uses <see cref="RetryPolicy.Default"/>.</summary>
    public ImmutableDictionary<SyncPointId, RetryPolicy> RetryPolicies { get; init; } = ImmutableDictionary<SyncPointId, RetryPolicy>.Empty;

    /// <summary>Sources in order of precedence, first wins, for linked accounts whose changes have the same originating second. Sources not named come last, by name.</summary>
    public ImmutableArray<SourceId> SourcePrecedence { get; init; } = [];

    /// <summary>How long after a newer change was delivered the target is checked for an older attempt that landed late. Default 30 s.</summary>
    public TimeSpan RecheckDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after its outcome became unknown an attempt may still land: a newer change that is delivered meanwhile is checked again once. Default 10 minutes.</summary>
    public TimeSpan LateLandingHorizon { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long after a recorded deadline an attempt without an answer is taken as ended, for clocks that differ. Default 2 s.</summary>
    public TimeSpan DeadlineGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// By how many versions a stamp may be ahead of the greatest one that is known of its source before it is believed without asking a domain controller. More than a
    /// few are rare: changes that were superseded on the domain controller, or made while the account took no part. Default 32; 1 or greater.
    /// </summary>
    public uint VersionJumpMax { get; init; } = 32;

    /// <summary>As <see cref="VersionJumpMax"/>, for an account of which nothing is known yet: how many passwords it may have had before. Default 1,000; 1 or greater.</summary>
    public uint FirstVersionMax { get; init; } = 1_000;

    /// <summary>
    /// Whether this node has the outcome of an attempt and is about to tell it: such an attempt is not given up, however long ago its deadline passed. Default: of none.
    /// </summary>
    public Func<Guid, bool> HasOutcome { get; init; } = static _ => false;

    /// <summary>The retry policy of a point.</summary>
    public RetryPolicy RetryPolicyOf(SyncPointId point) => RetryPolicies.GetValueOrDefault(point, RetryPolicy.Default);

    /// <summary>Stamps of different sources do not compare: the originating time decides, then the configured precedence, then the name. Greater is newer.</summary>
    public int CompareAcrossSources((Stamp Stamp, SourceId Source) left, (Stamp Stamp, SourceId Source) right)
    {
        var byTime = left.Stamp.OriginatingSecond.CompareTo(right.Stamp.OriginatingSecond);
        if (byTime != 0) return byTime;
        var byPrecedence = PrecedenceOf(right.Source).CompareTo(PrecedenceOf(left.Source));
        return byPrecedence != 0 ? byPrecedence : right.Source.CompareTo(left.Source);
    }

    private int PrecedenceOf(SourceId source)
    {
        var index = SourcePrecedence.IndexOf(source);
        return index < 0 ? int.MaxValue : index;
    }
}
