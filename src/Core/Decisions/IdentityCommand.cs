using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Decisions;

/// <summary>What an identity is asked to do. A closed set; each carries its time.</summary>
/// <param name="Now">The time of the decision.</param>
public abstract record IdentityCommand(DateTimeOffset Now)
{
    /// <summary>Whether it comes from an operator or the clock, who may ask it of very many at once; what it makes due waits behind people's own changes.</summary>
    public bool IsBulk => this is ResendChange or RetryDelivery or MendPoint or WakeUp;

    /// <summary>Decide on a capture from the inbox.</summary>
    /// <param name="Now">The time of the decision.</param>
    /// <param name="Change">The capture with its proven stamp.</param>
    /// <param name="Points">The sync points that the account's scopes assign.</param>
    /// <param name="OwnWrites">What this product itself wrote to the account.</param>
    public sealed record DecideCapture(DateTimeOffset Now, Change Change, ImmutableSortedSet<SyncPointId> Points, OwnWrites OwnWrites)
        : IdentityCommand(Now)
    {
        /// <summary>The names of the scopes in which the edge found the account, for people; empty if they are not to be told.</summary>
        public ImmutableArray<string> Scopes { get; init; } = [];

        /// <summary>Sync points that an operator has disabled: what the change is to bring there ends at once, or waits behind an attempt that is in flight.</summary>
        public ImmutableSortedSet<SyncPointId> Disabled { get; init; } = [];

        /// <summary>Whether a domain controller of the source was asked and has the stamp, or a greater one.</summary>
        public bool IsConfirmedAtSource { get; init; }
    }

    /// <summary>Note what the edge found about a capture that is not to be sent.</summary>
    public sealed record NoteReport(DateTimeOffset Now, CaptureId CaptureId, AccountId Account, CaptureVerdict Verdict, DateTimeOffset CapturedAt)
        : IdentityCommand(Now)
    {
        /// <summary>Whence it came; null if that is not known.</summary>
        public CaptureTrace? Trace { get; init; }
    }

    /// <summary>Record an attempt before it writes.</summary>
    /// <param name="Now">The time of the decision.</param>
    /// <param name="Point">The sync point.</param>
    /// <param name="CaptureId">The change that is to be written.</param>
    /// <param name="AttemptId">Random.</param>
    /// <param name="Deadline">After this the attempt may not write any more; later than <paramref name="Now"/>, within the lease.</param>
    /// <param name="Target">The account found in the target.</param>
    /// <param name="Baseline">The target's mark now.</param>
    public sealed record BeginAttempt(
        DateTimeOffset Now, SyncPointId Point, CaptureId CaptureId, Guid AttemptId, DateTimeOffset Deadline, TargetAccount Target, TargetMark? Baseline)
        : IdentityCommand(Now)
    {
        /// <summary>The name of the node that begins it, for people; null if it is not to be told.</summary>
        public string? Node { get; init; }
    }

    /// <summary>Take the outcome of an attempt.</summary>
    /// <param name="Now">The time of the decision.</param>
    /// <param name="Point">The sync point.</param>
    /// <param name="AttemptId">The attempt.</param>
    /// <param name="Outcome">How it ended.</param>
    /// <param name="Jitter">0 to 1, for the retry delay.</param>
    public sealed record FinishAttempt(DateTimeOffset Now, SyncPointId Point, Guid AttemptId, DeliveryOutcome Outcome, double Jitter)
        : IdentityCommand(Now);

    /// <summary>Take an outcome that was found before an attempt was begun (the account is missing, the target cannot be reached). Nothing was written.</summary>
    public sealed record ReportObstacle(DateTimeOffset Now, SyncPointId Point, CaptureId CaptureId, DeliveryOutcome Outcome, double Jitter)
        : IdentityCommand(Now);

    /// <summary>Expire what is too old, and end attempts whose deadline passed without an answer.</summary>
    public sealed record WakeUp(DateTimeOffset Now, double Jitter) : IdentityCommand(Now);

    /// <summary>The secret of a capture cannot be used: empty, damaged, or its key was destroyed.</summary>
    public sealed record RejectSecret(DateTimeOffset Now, CaptureId CaptureId, string Reason) : IdentityCommand(Now);

    /// <summary>Make the sync points that one account of the identity has those given, after the configuration or the account changed.</summary>
    public sealed record AssignPoints(DateTimeOffset Now, AccountId Account, ImmutableSortedSet<SyncPointId> Points) : IdentityCommand(Now);

    /// <summary>A sync point works again that was misconfigured: what waits for that is tried now.</summary>
    public sealed record MendPoint(DateTimeOffset Now, SyncPointId Point) : IdentityCommand(Now);

    /// <summary>An operator wants a parked or waiting delivery tried now.</summary>
    public sealed record RetryDelivery(DateTimeOffset Now, SyncPointId Point) : IdentityCommand(Now);

    /// <summary>An operator gives a delivery up.</summary>
    public sealed record DiscardDelivery(DateTimeOffset Now, SyncPointId Point, string Reason) : IdentityCommand(Now);

    /// <summary>An operator wants the newest change sent once more; possible while its secret is held.</summary>
    public sealed record ResendChange(DateTimeOffset Now, SyncPointId Point) : IdentityCommand(Now);
}

/// <summary>What an edge found about a capture that is not to be sent.</summary>
public enum CaptureVerdict
{
    /// <summary>A later change of the same account was captured before this one was confirmed.</summary>
    SupersededAtEdge,

    /// <summary>The source did not commit the change.</summary>
    RefusedBySource,

    /// <summary>Another DC's change with a greater stamp arrived first; that DC's capture carries on.</summary>
    Overtaken,

    /// <summary>It could not be proven which stamp the capture caused; never sent on a guess. Alarmed.</summary>
    Unconfirmed,
}
