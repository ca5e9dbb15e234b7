using PasswordSync.Core.Decisions;
using PasswordSync.Core.Ports;
using PasswordSync.Providers.Execution;
using PasswordSync.SyncNode.Metrics;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Deliveries;

/// <summary>What all sync points of a node deliver with.</summary>
public sealed record DelivererServices(
    SharedSecrets Secrets, ITargetClaims Claims, IAccountStore Accounts, AttemptExecutor Executor, TimeProvider Clock, Func<double> Jitter, DelivererOptions Options)
{
    /// <summary>The settings of the moment; they order changes that were made in several sources at once.</summary>
    public Func<DecisionRules> Rules { get; init; } = () => DecisionRules.Default;

    /// <summary>The name of this node, for the journal; null if it is not to be told.</summary>
    public string? Node { get; init; }

    /// <summary>Times deliveries; null for nobody.</summary>
    public NodeMetrics? Metrics { get; init; }
}

/// <summary>The times of deliveries.</summary>
public sealed record DelivererOptions
{
    private static readonly TimeSpan HoldMargin = TimeSpan.FromSeconds(15);

    /// <summary>How long one attempt may take from its record to its end. Default 10 s.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long before the lease's end an attempt must be over. Default 0.5 s.</summary>
    public TimeSpan LeaseMargin { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long an attempt with unknown outcome keeps captures of the account that it wrote waiting, unless a probe has found its stamp or a recheck
    /// was made: what landed unnoticed must not be taken for a change of the person. Default 10 minutes, as long as such an attempt may land late; time in which the
    /// database is away does not count (<see cref="LeaseGap"/>).
    /// </summary>
    public TimeSpan IntentHold { get; init; } = OwnWrites.IntentHold;

    /// <summary>
    /// As <see cref="IntentHold"/>, once a later write to the account has succeeded and its stamp is known: captures up to that stamp do not wait any more, and what is
    /// later only until a late landing is no longer looked for. Default 45 s; longer than the delay of a recheck (30 s).
    /// </summary>
    public TimeSpan IntentHoldAfterWrite { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How long a sync point rests when the node's own database could not be used. Default 1 s.</summary>
    public TimeSpan StorageRest { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// As a node's settings have them. The hold after a write is longer than the delay of a recheck, which ends it by itself; and by the expiry, since a node that is cut off from the database
    /// just then keeps its shards for so long: the one that takes them makes the recheck, and who decides about the account hears nothing of it.
    /// </summary>
    internal static DelivererOptions Of(PointSettings point, NodeConfiguration configuration) =>
        new() { AttemptTimeout = point.AttemptTimeout, IntentHoldAfterWrite = configuration.Rules.RecheckDelay + HoldMargin + configuration.Node.Database.Expiry };
}
