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
    public sealed record Waiting(Delivery Delivery, DateTimeOffset DueAt, string? LastFailure, Doubt Doubt) : PointState(Doubt);

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
/// <param name="Unresolved">Attempts of the current change whose outcome is unknown: probe before writing again.</param>
/// <param name="LateRiskSince">
/// When the last attempt of an older change became unknown: it may still land, so the target is checked again after the newer one was
/// delivered. Null when there is no such risk.
/// </param>
public sealed record Doubt(UnresolvedAttempts? Unresolved, DateTimeOffset? LateRiskSince)
{
    public static Doubt None { get; } = new(null, null);

    /// <summary>The doubt that remains when this point turns to another change.</summary>
    internal Doubt TurningTo(CaptureId captureId) =>
        Unresolved is { } unresolved && unresolved.CaptureId != captureId ? new Doubt(null, unresolved.Since) : this;

    /// <summary>The doubt after an attempt of the given change ended with an unknown outcome.</summary>
    internal Doubt AfterUnknown(CaptureId captureId, TargetMark? baseline, DateTimeOffset at) =>
        Unresolved is { } known && known.CaptureId == captureId
            ? this with { Unresolved = known with { Count = known.Count + 1, Since = at } }
            : this with { Unresolved = new UnresolvedAttempts(captureId, baseline, Count: 1, at) };

    /// <summary>The doubt after a probe found the change at the target: if only one attempt was unknown, that one has landed.</summary>
    internal Doubt AfterFound(CaptureId captureId) =>
        Unresolved is { Count: 1 } known && known.CaptureId == captureId ? this with { Unresolved = null } : this;
}

/// <summary>Attempts of one change whose outcome is unknown.</summary>
/// <param name="CaptureId">The change.</param>
/// <param name="Baseline">The target's mark before the first of them.</param>
/// <param name="Count">How many, 1 or greater.</param>
/// <param name="Since">When the last of them became unknown.</param>
public sealed record UnresolvedAttempts(CaptureId CaptureId, TargetMark? Baseline, int Count, DateTimeOffset Since);
