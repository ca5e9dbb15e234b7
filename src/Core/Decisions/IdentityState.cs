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

    /// <summary>The sync points in the identity's scope, and where each stands.</summary>
    public ImmutableSortedDictionary<SyncPointId, PointState> Points { get; init; } = ImmutableSortedDictionary<SyncPointId, PointState>.Empty;

    /// <summary>The last decided captures, oldest first.</summary>
    public ImmutableList<CaptureId> RecentCaptures { get; init; } = [];

    /// <summary>Whether a delivery still needs the secret of this capture.</summary>
    public bool NeedsSecret(CaptureId captureId) => Points.Values.Any(point => point.Needed.Any(change => change.CaptureId == captureId));

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
        foreach (var point in Points.Values)
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
    public IEnumerable<Offer> DueOffers(DateTimeOffset now) =>
        from entry in Points
        let offer = entry.Value switch
        {
            PointState.Waiting waiting when waiting.DueAt <= now => new Offer(entry.Key, waiting.Delivery.Change),
            PointState.Rechecking rechecking when rechecking.DueAt <= now => new Offer(entry.Key, rechecking.Delivery.Change),
            _ => null,
        }
        where offer is not null
        select offer;

    private static DateTimeOffset Earlier(DateTimeOffset left, DateTimeOffset right) => left < right ? left : right;
}

/// <summary>An invitation to a provider: this change is due at this sync point. Before writing it must ask for an attempt.</summary>
public sealed record Offer(SyncPointId Point, Change Change);
