using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Decisions;

/// <summary>
/// Where one sync point of an identity stands. A closed set: exactly one applies at a time (I6), and each has only the fields that
/// mean something in it.
/// </summary>
/// <param name="Doubt">What is not known about earlier attempts at this target.</param>
public abstract record PointState(Doubt Doubt)
{
    /// <summary>Nothing to do.</summary>
    /// <param name="Last">How the last delivery ended; null if there was none yet.</param>
    /// <param name="Doubt">See <see cref="PointState"/>.</param>
    public sealed record Idle(Settlement? Last, Doubt Doubt) : PointState(Doubt);

    /// <summary>Pending, or failed and to be tried again.</summary>
    public sealed record Waiting(Delivery Delivery, DateTimeOffset DueAt, string? LastFailure, Doubt Doubt) : PointState(Doubt)
    {
        /// <summary>Whether it waits because the sync point is misconfigured: due at once when that is mended.</summary>
        public bool AwaitsMend { get; init; }
    }

    /// <summary>An attempt was recorded and may be writing.</summary>
    /// <param name="Delivery">What is being written.</param>
    /// <param name="Attempt">The attempt.</param>
    /// <param name="Next">A newer change that waits for the attempt to end.</param>
    /// <param name="AfterFlight">What becomes of <paramref name="Delivery"/> if the attempt does not deliver it.</param>
    /// <param name="Doubt">See <see cref="PointState"/>.</param>
    public sealed record InFlight(Delivery Delivery, Attempt Attempt, Delivery? Next, AfterFlight AfterFlight, Doubt Doubt) : PointState(Doubt);

    /// <summary>Waits for an operator, for a newer change, or for its maximum age.</summary>
    public sealed record Parked(Delivery Delivery, ParkReason Reason, string Explanation, Doubt Doubt) : PointState(Doubt);

    /// <summary>Delivered; to be looked at once more, because an older attempt with unknown outcome may have landed after it.</summary>
    public sealed record Rechecking(Delivery Delivery, DateTimeOffset DueAt, TargetMark? Mark, Doubt Doubt) : PointState(Doubt);

    /// <summary>The changes whose secret this point still needs.</summary>
    public IEnumerable<Change> Needed => this switch
    {
        Idle => [],
        Waiting waiting => [waiting.Delivery.Change],
        InFlight { Next: { } next } flight => [flight.Delivery.Change, next.Change],
        InFlight flight => [flight.Delivery.Change],
        Parked parked => [parked.Delivery.Change],
        Rechecking rechecking => [rechecking.Delivery.Change],
        _ => throw new InvalidOperationException($"Internal error: unknown point state {GetType().Name}."),
    };

    /// <summary>Whether this point still needs the secret of a change.</summary>
    public bool Needs(CaptureId captureId) => this switch
    {
        Idle => false,
        Waiting waiting => waiting.Delivery.CaptureId == captureId,
        InFlight flight => flight.Delivery.CaptureId == captureId || flight.Next?.CaptureId == captureId,
        Parked parked => parked.Delivery.CaptureId == captureId,
        Rechecking rechecking => rechecking.Delivery.CaptureId == captureId,
        _ => throw new InvalidOperationException($"Internal error: unknown point state {GetType().Name}."),
    };

    /// <summary>Whether what is to be sent has failed and is tried again: it waits for its time, or an attempt is in flight.</summary>
    public bool IsFailing => this is Waiting { LastFailure: not null } or InFlight { Attempt.Kind: AttemptKind.Write, Delivery.FailedAttempts: > 0, Next: null };

    /// <summary>Whether the last change for it never arrived: another change of the password brings one there, or a retry as long as the sealed one is held for another target.</summary>
    public bool IsMissed => this is Idle { Last.End: DeliveryEnd.Expired or DeliveryEnd.SecretUnusable or DeliveryEnd.Disabled };

    /// <summary>The delivery that waits to be sent, for its time, an operator or the end of the attempt in flight; null if none does.</summary>
    public Delivery? Unsent => this switch
    {
        Waiting waiting => waiting.Delivery,
        Parked parked => parked.Delivery,
        InFlight flight => flight.Next,
        Idle or Rechecking => null,
        _ => throw new InvalidOperationException($"Internal error: unknown point state {GetType().Name}."),
    };
}

/// <summary>What becomes of a delivery whose attempt is in flight, if the attempt does not deliver it.</summary>
public enum AfterFlight
{
    /// <summary>The retry policy decides.</summary>
    Continue,

    /// <summary>It ends: a newer password made it void.</summary>
    Supersede,

    /// <summary>It ends: its secret cannot be used any more.</summary>
    GiveUp,

    /// <summary>It ends whatever the outcome, and so does the point: it left the identity's scope.</summary>
    Withdraw,
}

/// <summary>How the last delivery of a point ended.</summary>
public sealed record Settlement(CaptureId CaptureId, DeliveryEnd End, string? Reason, DateTimeOffset At);

/// <summary>What is not known about earlier attempts at a target.</summary>
/// <param name="Unresolved">Attempts whose outcome is unknown, of a change that was not delivered since: probe before writing it again.</param>
/// <param name="LateRiskSince">
/// When the last attempt before the present ones became unknown: it may still land, so the target is checked again after what is
/// delivered within <see cref="DecisionRules.LateLandingHorizon"/>. Null when there was no such attempt.
/// </param>
public sealed record Doubt(UnresolvedAttempts? Unresolved, DateTimeOffset? LateRiskSince)
{
    public static Doubt None { get; } = new(null, null);

    /// <summary>Whether an attempt that became unknown within <paramref name="horizon"/> before <paramref name="now"/> may have landed unnoticed, or may land yet.</summary>
    public bool IsOpenAt(DateTimeOffset now, TimeSpan horizon) => (Unresolved?.Since ?? LateRiskSince) is { } since && now - since <= horizon;

    /// <summary>The doubt that remains when this point turns to another change.</summary>
    internal Doubt TurningTo(CaptureId captureId) =>
        Unresolved is { } unresolved && unresolved.CaptureId != captureId ? new Doubt(null, unresolved.Since) : this;

    /// <summary>The doubt after an attempt of the given change ended.</summary>
    public Doubt After(Attempt attempt, CaptureId captureId, DeliveryOutcome outcome, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        return outcome switch
        {
            DeliveryOutcome.Unknown => AfterUnknown(captureId, attempt.Baseline, at),

            // If only one attempt was unknown, that one has landed.
            DeliveryOutcome.AlreadyThere when attempt.Kind == AttemptKind.Write && Unresolved is { Count: 1 } => this with { Unresolved = null },
            DeliveryOutcome.AlreadyThere when attempt.Kind == AttemptKind.Recheck => this,

            // Whatever was unknown about it before may land yet, on top of what follows.
            _ when outcome.IsSuccess && Unresolved is { } unresolved => new Doubt(null, unresolved.Since),
            _ => this,
        };
    }

    private Doubt AfterUnknown(CaptureId captureId, TargetMark? baseline, DateTimeOffset at) =>
        Unresolved is { } known && known.CaptureId == captureId
            ? this with { Unresolved = known with { Count = known.Count + 1, Since = at } }
            : this with { Unresolved = new UnresolvedAttempts(captureId, baseline, Count: 1, at) };
}

/// <summary>Attempts of one change whose outcome is unknown.</summary>
/// <param name="CaptureId">The change.</param>
/// <param name="Baseline">The target's mark before the first of them.</param>
/// <param name="Count">How many, 1 or greater.</param>
/// <param name="Since">When the last of them became unknown.</param>
public sealed record UnresolvedAttempts(CaptureId CaptureId, TargetMark? Baseline, int Count, DateTimeOffset Since);
