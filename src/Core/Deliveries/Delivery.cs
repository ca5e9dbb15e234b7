using PasswordSync.Core.Captures;

namespace PasswordSync.Core.Deliveries;

/// <summary>One change for one sync point.</summary>
/// <param name="Change">What is to be set.</param>
/// <param name="FailedAttempts">Attempts that failed and count against the limit. 0 or greater.</param>
public sealed record Delivery(Change Change, int FailedAttempts)
{
    public CaptureId CaptureId => Change.CaptureId;
}

/// <summary>What an attempt is for.</summary>
public enum AttemptKind
{
    /// <summary>Sets the password; where an earlier attempt of the same change has an unknown outcome, the target is probed first.</summary>
    Write,

    /// <summary>Looks whether an older attempt landed late over this change, and if so writes it once more.</summary>
    Recheck,
}

/// <summary>One try at a target, recorded before anything is sent.</summary>
/// <param name="AttemptId">Random, made by whoever executes it.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="StartedAt">When it was recorded.</param>
/// <param name="Deadline">After this nothing may be sent any more by it. Later than <paramref name="StartedAt"/>.</param>
/// <param name="Target">The account that is written.</param>
/// <param name="Baseline">The target's mark before the write; null where the target shows none.</param>
/// <param name="ProbeAgainst">The mark that a probe compares with before it writes: the baseline of an earlier attempt with unknown outcome, or for a recheck the mark after our write; null if there is none.</param>
/// <param name="ProbeFirst">Whether the target must be asked before anything is written.</param>
public sealed record Attempt(
    Guid AttemptId,
    AttemptKind Kind,
    DateTimeOffset StartedAt,
    DateTimeOffset Deadline,
    TargetAccount Target,
    TargetMark? Baseline,
    TargetMark? ProbeAgainst,
    bool ProbeFirst)
{
    /// <summary>The name of the node that began it; null in journals from before that was recorded.</summary>
    public string? Node { get; init; }

    /// <summary>When it ended at the latest, as told at a time: nothing is sent by it after its deadline, and it may be told of much later, when the database was away.</summary>
    public DateTimeOffset EndedBy(DateTimeOffset toldAt) => toldAt < Deadline ? toldAt : Deadline;
}

/// <summary>How a delivery came to its end.</summary>
public enum DeliveryEnd
{
    /// <summary>The target has the password.</summary>
    Delivered,

    /// <summary>A newer change took its place before it was delivered.</summary>
    Superseded,

    /// <summary>It became older than the maximum age before it could be delivered. Alarmed.</summary>
    Expired,

    /// <summary>An operator discarded it.</summary>
    Discarded,

    /// <summary>The sync point left the identity's scope.</summary>
    Withdrawn,

    /// <summary>The sealed secret cannot be used: empty, damaged, or its key was destroyed. Alarmed.</summary>
    SecretUnusable,

    /// <summary>An operator had disabled the sync point when the change came: the target keeps its old password until another change, or until it is retried while the sealed password is held.</summary>
    Disabled,
}

/// <summary>Why a delivery waits for an operator.</summary>
public enum ParkReason
{
    /// <summary>The target refuses the password by its rules.</summary>
    RefusedByPolicy,

    /// <summary>The limit of attempts was reached.</summary>
    AttemptsExhausted,
}
