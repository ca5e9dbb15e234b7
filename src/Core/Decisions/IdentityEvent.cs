using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Decisions;

/// <summary>What happened to an identity. A closed set, journalled; holds no secret.</summary>
/// <param name="At">When it was decided.</param>
public abstract record IdentityEvent(DateTimeOffset At)
{
    /// <summary>A change became the newest of the identity, and is to be delivered to points. Equal by value.</summary>
    public sealed record CaptureAccepted(DateTimeOffset At, Change Change) : IdentityEvent(At)
    {
        /// <summary>The names of the scopes in which the edge found the account: for people, nothing is decided by it. Empty in journals of before it was kept.</summary>
        public ImmutableArray<string> Scopes { get; init; } = [];

        /// <summary>The points for which the change is queued at once, due at the time of the decision: as by a <see cref="DeliveryQueued"/> for each. Empty in journals of before, which have those instead.</summary>
        public ImmutableSortedSet<SyncPointId> Queued { get; init; } = [];

        public bool Equals(CaptureAccepted? other) => base.Equals(other) && Change == other.Change && Scopes.SequenceEqual(other.Scopes) && Queued.SetEquals(other.Queued);

        public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Change, Scopes.Length, Queued.Count);
    }

    /// <summary>A capture was decided without becoming the newest change.</summary>
    public sealed record CaptureIgnored(DateTimeOffset At, CaptureId CaptureId, AccountId Account, Stamp Stamp, IgnoreReason Reason) : IdentityEvent(At)
    {
        /// <summary>Whence it came; null in journals of before it was kept.</summary>
        public CaptureTrace? Trace { get; init; }
    }

    /// <summary>An edge reported a capture that is not to be sent.</summary>
    public sealed record CaptureReported(DateTimeOffset At, CaptureId CaptureId, AccountId Account, CaptureVerdict Verdict, DateTimeOffset CapturedAt)
        : IdentityEvent(At)
    {
        /// <summary>Whence it came; null in journals of before it was kept.</summary>
        public CaptureTrace? Trace { get; init; }
    }

    /// <summary>One account of the identity has these sync points from now on; the identity has those of all its accounts. Equal by value.</summary>
    public sealed record AccountScoped(DateTimeOffset At, AccountScope Scope) : IdentityEvent(At)
    {
        /// <summary>The points that thereby come into the identity's scope. Empty in journals of before, which have a <see cref="PointAssigned"/> for each.</summary>
        public ImmutableSortedSet<SyncPointId> Joined { get; init; } = [];

        public bool Equals(AccountScoped? other) => base.Equals(other) && Scope == other.Scope && Joined.SetEquals(other.Joined);

        public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Scope, Joined.Count);
    }

    /// <summary>A sync point came into the identity's scope. Only read: <see cref="AccountScoped.Joined"/> says it now.</summary>
    public sealed record PointAssigned(DateTimeOffset At, SyncPointId Point) : IdentityEvent(At);

    /// <summary>A sync point left the identity's scope.</summary>
    public sealed record PointWithdrawn(DateTimeOffset At, SyncPointId Point) : IdentityEvent(At);

    /// <summary>A change is to be delivered to a point, also without being new: sent or tried once more, or to a point that joined; behind an attempt in flight it waits for that.</summary>
    public sealed record DeliveryQueued(DateTimeOffset At, SyncPointId Point, CaptureId CaptureId, DateTimeOffset DueAt) : IdentityEvent(At);

    /// <summary>A delivery that was not in flight came to an end, or one in flight was told what becomes of it.</summary>
    public sealed record DeliveryEnded(DateTimeOffset At, SyncPointId Point, CaptureId CaptureId, DeliveryEnd End, string? Reason) : IdentityEvent(At);

    /// <summary>An attempt may write from now to its deadline.</summary>
    public sealed record AttemptStarted(DateTimeOffset At, SyncPointId Point, CaptureId CaptureId, Attempt Attempt) : IdentityEvent(At);

    /// <summary>An attempt ended.</summary>
    public sealed record AttemptFinished(
        DateTimeOffset At, SyncPointId Point, CaptureId CaptureId, Guid AttemptId, DeliveryOutcome Outcome, AttemptSequel Sequel) : IdentityEvent(At);

    /// <summary>A delivery could not even be begun.</summary>
    public sealed record ObstacleMet(DateTimeOffset At, SyncPointId Point, CaptureId CaptureId, DeliveryOutcome Outcome, AttemptSequel Sequel) : IdentityEvent(At);
}

/// <summary>What follows when an attempt has ended. A closed set.</summary>
public abstract record AttemptSequel
{
    private AttemptSequel() { }

    /// <summary>The delivery has ended.</summary>
    public sealed record Settled(DeliveryEnd End) : AttemptSequel;

    /// <summary>The same delivery is tried again.</summary>
    /// <param name="At">When.</param>
    /// <param name="Counts">Whether the failure counts against the limit of attempts.</param>
    public sealed record RetryAt(DateTimeOffset At, bool Counts) : AttemptSequel;

    /// <summary>The delivery waits for an operator.</summary>
    public sealed record Park(ParkReason Reason) : AttemptSequel;

    /// <summary>Delivered, and to be looked at once more.</summary>
    public sealed record RecheckAt(DateTimeOffset At) : AttemptSequel;

    /// <summary>The delivery has ended and the newer one that waited behind it is due.</summary>
    /// <param name="End">How the older one ended: delivered or superseded.</param>
    public sealed record NextDue(DeliveryEnd End) : AttemptSequel;

    /// <summary>The delivery has ended and the point left the identity's scope.</summary>
    public sealed record Withdrawn(DeliveryEnd End) : AttemptSequel;
}

/// <summary>Why a capture did not become the newest change.</summary>
public enum IgnoreReason
{
    /// <summary>The same capture was decided before.</summary>
    Duplicate,

    /// <summary>Another capture with the same stamp was decided before.</summary>
    SameStamp,

    /// <summary>A change with a greater stamp is known.</summary>
    Older,

    /// <summary>Another source of the identity has a later change.</summary>
    OlderThanOtherSource,

    /// <summary>The write was this product's own.</summary>
    Echo,

    /// <summary>No sync scope assigns a sync point to the account.</summary>
    OutOfScope,

    /// <summary>The capture is older than the maximum age.</summary>
    TooOld,
}
