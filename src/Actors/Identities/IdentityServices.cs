using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Identities;

/// <summary>What every identity actor of a node works with.</summary>
/// <param name="Journal">Where decisions become durable.</param>
/// <param name="Ownership">Whether, and under which epoch, this node may decide.</param>
/// <param name="ShardCount">The number of shards.</param>
/// <param name="Rules">The settings of the moment.</param>
/// <param name="Offers">Takes deliveries that are due; must not wait. An offer that it cannot take comes again.</param>
/// <param name="Rows">Hears what became of inbox rows.</param>
/// <param name="Clock">The clock of decisions and timers.</param>
/// <param name="Jitter">A number from 0 to 1; safe from any thread.</param>
/// <param name="Observe">Hears of every journalled event, after it is durable; must be quick and must not throw.</param>
public sealed record IdentityServices(
    IIdentityJournal Journal,
    ShardOwnership Ownership,
    int ShardCount,
    Func<DecisionRules> Rules,
    Action<IdentityId, Offer> Offers,
    IInboxRowTracker Rows,
    TimeProvider Clock,
    Func<double> Jitter,
    Action<IdentityId, IdentityEvent> Observe)
{
    /// <summary>After how long without a message an identity with nothing at hand gives up its memory. Default 10 s.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long a due delivery that no provider took up is offered again; doubled each time. Default 5 s.</summary>
    public TimeSpan OfferAgainInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest time between two such offers, for when very many wait for one target. Default 1 minute.</summary>
    public TimeSpan OfferAgainMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How often a capture that waits for our own write to the same account is looked at: the write is nearly always over long before its intent runs out. Default 0.5 s.
    /// </summary>
    public TimeSpan IntentLookInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest time after which an identity in memory looks for what is due, whatever it expects. Default 1 hour.</summary>
    public TimeSpan WakeUpMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How much earlier than it has work an identity's pending-work row may be due: so that it is written when a change is accepted and removed when it is delivered, and not with every step between.
    /// Who looks for due work then finds some that is in hand. Default 40 s: longer than an attempt may take.
    /// </summary>
    public TimeSpan PendingSlack { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>How long an identity waits after a database failure before it tries again by itself; doubled each time. Default 1 s.</summary>
    public TimeSpan StorageRetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest time between two such tries, so that very many identities do not keep a database in trouble there. Default 15 s.</summary>
    public TimeSpan StorageRetryMax { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>Hears what became of inbox rows that were handed to identities.</summary>
public interface IInboxRowTracker
{
    /// <summary>The row is decided and gone.</summary>
    void Decided(long inboxSequence);

    /// <summary>The row remains; it is to be handed out again after some time.</summary>
    void ComeBack(long inboxSequence, TimeSpan after);

    /// <summary>The row remains; it is to be handed out again once the source has confirmed its stamp.</summary>
    void ConfirmFirst(long inboxSequence);
}

/// <summary>This node does not own the shard of the identity, or not any more. Whoever owns it will go on.</summary>
public sealed class ShardNotOwnedException(int shard) : Exception($"This node does not own shard {shard}.")
{
    public int Shard { get; } = shard;
}
