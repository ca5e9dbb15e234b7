using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Decisions;

/// <summary>All that is decided about one identity: a fold of its events.</summary>
public sealed record IdentityState
{
    /// <summary>How many decided captures are remembered by id. Older repeats are still recognised by their stamp and by the intake's table.</summary>
    public const int RecentCapturesMax = 32;

    public static IdentityState Initial { get; } = new();

    /// <summary>How many events were applied.</summary>
    public long Sequence { get; init; }

    /// <summary>The greatest stamp seen per source.</summary>
    public ImmutableSortedDictionary<SourceId, Stamp> LatestStamps { get; init; } = ImmutableSortedDictionary<SourceId, Stamp>.Empty;

    /// <summary>The newest accepted change; null before the first.</summary>
    public Change? Newest { get; init; }

    /// <summary>
    /// The change that may be sent to points that do not have it yet: the newest, unless a capture of its account with a greater stamp was seen since that
    /// is not to be sent itself (our own write, out of scope, too old). The account has another password then. Null if there is none.
    /// </summary>
    public Change? Deliverable => Newest is { } newest && LatestStamps.GetValueOrDefault(newest.Account.Source) == newest.Stamp ? newest : null;

    /// <summary>The sync points that the scopes of each account assign; an account without any has no entry.</summary>
    public ImmutableList<AccountScope> Scopes { get; init; } = [];

    /// <summary>The sync points in the scope of any of the identity's accounts, and where each stands.</summary>
    public ImmutableSortedDictionary<SyncPointId, PointState> Points { get; init; } = ImmutableSortedDictionary<SyncPointId, PointState>.Empty;

    /// <summary>
    /// Points that left the scope while something was not known about attempts there: should one come back, it is probed and checked again as if it had stayed.
    /// At most one entry for each point that was ever configured.
    /// </summary>
    public ImmutableSortedDictionary<SyncPointId, Doubt> LeftInDoubt { get; init; } = ImmutableSortedDictionary<SyncPointId, Doubt>.Empty;

    /// <summary>The last decided captures, oldest first.</summary>
    public ImmutableList<CaptureId> RecentCaptures { get; init; } = [];

    /// <summary>Whether a delivery still needs the secret of this capture.</summary>
    public bool NeedsSecret(CaptureId captureId)
    {
        foreach (var (_, point) in Points)
        {
            if (point.Needs(captureId)) return true;
        }

        return false;
    }

    /// <summary>The captures whose secrets are still needed.</summary>
    public IEnumerable<CaptureId> NeededSecrets => Points.Values.SelectMany(point => point.Needed).Select(change => change.CaptureId).Distinct();

    /// <summary>
    /// When this identity must be woken next: the earliest time at which a delivery is due, an attempt's deadline has safely passed, or something
    /// expires; null if it can rest until a message comes.
    /// </summary>
    public DateTimeOffset? NextWakeUp(DecisionRules rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        DateTimeOffset? earliest = null;
        foreach (var (_, point) in Points)
        {
            DateTimeOffset? at = point switch
            {
                PointState.Waiting waiting => Earlier(waiting.DueAt, waiting.Delivery.Change.ExpiresAt),
                PointState.InFlight flight => flight.Attempt.Deadline + rules.DeadlineGrace,
                PointState.Parked parked => parked.Delivery.Change.ExpiresAt,
                PointState.Rechecking rechecking => Earlier(rechecking.DueAt, rechecking.Delivery.Change.ExpiresAt),
                _ => null,
            };
            if (at is { } time && (earliest is null || time < earliest)) earliest = time;
        }

        return earliest;
    }

    /// <summary>The deliveries that a provider should be offered now. Offering one again is harmless.</summary>
    public IEnumerable<Offer> DueOffers(DateTimeOffset now)
    {
        foreach (var (id, point) in Points)
        {
            if (point is PointState.Waiting waiting && waiting.DueAt <= now) yield return new Offer(id, waiting.Delivery.Change, waiting.Doubt);
            if (point is PointState.Rechecking rechecking && rechecking.DueAt <= now) yield return new Offer(id, rechecking.Delivery.Change, rechecking.Doubt);
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset left, DateTimeOffset right) => left < right ? left : right;
}

/// <summary>An invitation to a provider: this change is due at this sync point. Before writing it must ask for an attempt.</summary>
/// <param name="Point">Where.</param>
/// <param name="Change">What.</param>
/// <param name="Doubt">What is not known about earlier attempts there.</param>
public sealed record Offer(SyncPointId Point, Change Change, Doubt Doubt)
{
    public Offer(SyncPointId point, Change change)
        : this(point, change, Doubt.None)
    {
    }

    /// <summary>Whether an operator or the clock asked for it; what follows from a person's own change goes before it.</summary>
    public bool IsBulk { get; init; }

    /// <summary>Whether what is left of a rate is kept from it for people's own changes at other nodes: so of bulk work, but where its turn has come though people wait beside it.</summary>
    public bool GivesWay { get; init; }
}
