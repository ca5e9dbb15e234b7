using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Ports;

/// <summary>What the operations people's layer needs of the store: questions over the journal, the audit, operators, and switches of sync points.</summary>
public interface IOperationsStore
{
    /// <summary>Questions over everything; changes nothing.</summary>
    IOperationsQueries Queries { get; }

    /// <summary>Who changed what.</summary>
    IAuditLog Audit { get; }

    /// <summary>Who may ask and change.</summary>
    IOperatorRegister Operators { get; }

    /// <summary>Sync points that an operator has paused or disabled.</summary>
    IPointSwitches Points { get; }

    /// <summary>What the invocation ids in stamps are called.</summary>
    IControllerNames Controllers { get; }
}

/// <summary>Which domain controller an invocation id is of, as learned from what edges bring: a stamp says only the id.</summary>
public interface IControllerNames
{
    /// <summary>Notes one.</summary>
    ValueTask NoteAsync(ControllerName name, CancellationToken cancellationToken);

    /// <summary>All, by source and name.</summary>
    ValueTask<ImmutableArray<ControllerName>> ListAsync(CancellationToken cancellationToken);
}

/// <summary>A domain controller's name.</summary>
public sealed record ControllerName(SourceId Source, Guid InvocationId, string Name);

/// <summary>Questions over the journal of all identities. All are bounded; none waits for a writer.</summary>
public interface IOperationsQueries
{
    /// <summary>Among how many of the oldest undecided captures those of one identity are looked for.</summary>
    const int InboxLookMax = 10_000;

    /// <summary>How much there is of everything.</summary>
    /// <param name="max">Up to how many of each are counted; a count costs the more, the more there is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<StoreCounts> CountAsync(long max, CancellationToken cancellationToken);

    /// <summary>
    /// Accounts whose last known or any journalled names fit: sAMAccountName, userPrincipalName, mail or distinguished name (without regard to the case of
    /// ASCII letters), objectGUID, identity id, or the id of a capture. At most <paramref name="limit"/>.
    /// </summary>
    ValueTask<ImmutableArray<KnownAccount>> FindAccountsAsync(string text, int limit, CancellationToken cancellationToken);

    /// <summary>Identities that have a delivery parked, the longest first; a delivery that was parked and is not any more is left out.</summary>
    /// <param name="point">Only at this sync point; null for all.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<ImmutableArray<StuckDelivery>> ListParkedAsync(SyncPointId? point, int limit, CancellationToken cancellationToken);

    /// <summary>How many deliveries are parked at each sync point that has any, all of them counted.</summary>
    ValueTask<ImmutableArray<StuckDeliveries>> CountParkedAsync(CancellationToken cancellationToken);

    /// <summary>Deliveries that have failed and are tried again, the oldest capture first.</summary>
    /// <param name="point">Only at this sync point; null for all.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<ImmutableArray<StuckDelivery>> ListFailingAsync(SyncPointId? point, int limit, CancellationToken cancellationToken);

    /// <summary>How many deliveries have failed and are tried again at each sync point that has any, all of them counted.</summary>
    ValueTask<ImmutableArray<StuckDeliveries>> CountFailingAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Deliveries that never arrived and that only another change can bring, the longest first: the point's last change expired, could not be used, or came while the point was disabled. Kept until
    /// another change comes, and at most as long as ids of accepted captures are.
    /// </summary>
    /// <param name="point">Only at this sync point; null for all.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<ImmutableArray<StuckDelivery>> ListMissedAsync(SyncPointId? point, int limit, CancellationToken cancellationToken);

    /// <summary>How many deliveries never arrived at each sync point that has any, all of them counted.</summary>
    ValueTask<ImmutableArray<StuckDeliveries>> CountMissedAsync(CancellationToken cancellationToken);

    /// <summary>Identities of whose last capture it could not be proven which password the source has, with the time at which that was decided, the oldest first; one with a change that was accepted later is left out. Kept as long as what was missed.</summary>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<ImmutableArray<UnconfirmedCapture>> ListUnconfirmedAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Accepted captures that are not decided, the oldest first, with what this product writes to their accounts now. A row that this version cannot read is left out.</summary>
    /// <param name="identity">Only this one's, as far as they are among the <see cref="InboxLookMax"/> oldest; null for all.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<ImmutableArray<InboxRow>> ListInboxAsync(IdentityId? identity, int limit, CancellationToken cancellationToken);

    /// <summary>Identities with something to do, the earliest due first.</summary>
    /// <param name="after">The last one of the page before, or one without an id for what is due at its time or later; null for the first page.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<ImmutableArray<PendingIdentity>> ListPendingAsync(PendingIdentity? after, int limit, CancellationToken cancellationToken);

    /// <summary>Events of all identities in the order in which they were committed. One that this version cannot read is there as such.</summary>
    /// <param name="page">Which.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<ImmutableArray<StoredEvent>> ReadEventsAsync(EventPage page, CancellationToken cancellationToken);

    /// <summary>The accepted change of a capture; null if its event is gone, never was, or cannot be read.</summary>
    ValueTask<StoredEvent?> FindChangeAsync(IdentityId identity, Guid captureId, CancellationToken cancellationToken);

    /// <summary>Accounts of an identity.</summary>
    ValueTask<ImmutableArray<AccountId>> ListAccountsAsync(IdentityId identity, CancellationToken cancellationToken);

    /// <summary>Identities of one source, in a lasting order, after the given one.</summary>
    ValueTask<ImmutableArray<KnownAccount>> ListIdentitiesAsync(SourceId source, Guid after, int limit, CancellationToken cancellationToken);

    /// <summary>Shards with owner and epoch.</summary>
    ValueTask<ImmutableArray<ShardRow>> ListShardsAsync(CancellationToken cancellationToken);
}

/// <summary>How much there is, counted up to a bound.</summary>
/// <param name="Identities">Identities with events.</param>
/// <param name="Inbox">Accepted captures that are not decided.</param>
/// <param name="InboxOldest">When the oldest of them was accepted; null if there is none.</param>
/// <param name="Pending">Identities with something to do, now or later: what waits, is in flight, or is parked.</param>
/// <param name="Secrets">Sealed passwords that are held.</param>
/// <param name="LastEvent">The position of the newest event; 0 if there is none.</param>
public sealed record StoreCounts(long Identities, long Inbox, DateTimeOffset? InboxOldest, long Pending, long Secrets, long LastEvent);

/// <summary>An account that the store knows.</summary>
/// <param name="Identity">Whose it is.</param>
/// <param name="Account">The account.</param>
/// <param name="Names">The newest names known; null if no change of it was ever accepted, or if it <see cref="IsUnreadable"/>.</param>
public sealed record KnownAccount(IdentityId Identity, AccountId Account, AccountNames? Names)
{
    /// <summary>Whether there are names which this version cannot read: a newer one wrote them, or they are damaged.</summary>
    public bool IsUnreadable { get; init; }
}

/// <summary>A delivery that is parked, has failed and is tried again, or never arrived.</summary>
/// <param name="Identity">Whose.</param>
/// <param name="Point">Where.</param>
/// <param name="Since">When it was parked, or ended without arriving; of one that is tried again, when the password was captured.</param>
public sealed record StuckDelivery(IdentityId Identity, SyncPointId Point, DateTimeOffset Since);

/// <summary>The deliveries of a sync point that are parked, have failed and are tried again, or never arrived.</summary>
/// <param name="Point">Where.</param>
/// <param name="Deliveries">How many; greater than zero.</param>
/// <param name="Since">The earliest <see cref="StuckDelivery.Since"/> of them.</param>
public sealed record StuckDeliveries(SyncPointId Point, long Deliveries, DateTimeOffset Since);

/// <summary>A capture of which it could not be proven which password the source has.</summary>
/// <param name="Identity">Whose.</param>
/// <param name="Sequence">The number of the event that reports it.</param>
/// <param name="Since">When that was decided.</param>
public readonly record struct UnconfirmedCapture(IdentityId Identity, long Sequence, DateTimeOffset Since);

/// <summary>An event with its place among those of all identities.</summary>
/// <param name="Position">Grows in the order of commits.</param>
/// <param name="Identity">Whose it is.</param>
/// <param name="Sequence">Its number in the identity.</param>
/// <param name="Event">What happened; null if it is <see cref="Unreadable"/>.</param>
public sealed record StoredEvent(long Position, IdentityId Identity, long Sequence, IdentityEvent? Event)
{
    /// <summary>Why this version cannot read it: a newer one wrote it, or it is damaged. Null if it can.</summary>
    public UnreadableEvent? Unreadable { get; init; }

    /// <summary>When it was decided.</summary>
    public DateTimeOffset At => Event?.At ?? Unreadable!.At;
}

/// <summary>What is known of an event that cannot be read.</summary>
/// <param name="At">When it was decided.</param>
/// <param name="Because">Why it cannot be read, as a sentence.</param>
public sealed record UnreadableEvent(DateTimeOffset At, string Because);

/// <summary>Which events are wanted.</summary>
/// <param name="After">Positions above this one, upwards; or, for <paramref name="Newest"/>, ignored.</param>
/// <param name="Limit">The most rows.</param>
/// <param name="Newest">The last ones, given in upward order.</param>
/// <param name="Kinds">Only these kinds, as the journal names them (<c>attempt-finished.1</c>); empty for all.</param>
/// <param name="Since">Only those decided at or after this time; null for all.</param>
public sealed record EventPage(long After, int Limit, bool Newest, ImmutableArray<string> Kinds, DateTimeOffset? Since)
{
    /// <summary>Only those of this identity; null for all.</summary>
    public IdentityId? Identity { get; init; }

    /// <summary>Positions below this one only: the first position of a page of the newest gives the page before it. Default: all.</summary>
    public long Before { get; init; } = long.MaxValue;
}

/// <summary>A shard.</summary>
public sealed record ShardRow(int Shard, string? Owner, long Epoch);

/// <summary>Who changed what, in a chain of hashes: each record carries the hash of the one before.</summary>
public interface IAuditLog
{
    /// <summary>Adds a record; durable when the task ends.</summary>
    ValueTask<AuditRecord> AppendAsync(AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>Records with numbers above <paramref name="after"/>, upwards; or the newest ones, in upward order.</summary>
    ValueTask<ImmutableArray<AuditRecord>> ReadAsync(long after, int limit, bool newest, CancellationToken cancellationToken);
}

/// <summary>What an audit record says.</summary>
/// <param name="At">When.</param>
/// <param name="Operator">Who; empty for somebody who could not prove it.</param>
/// <param name="Origin">From where: the address of the client.</param>
/// <param name="Node">At which node.</param>
/// <param name="Operation">What: <c>sync parked retry</c>.</param>
/// <param name="Stage"><c>begun</c>, <c>done</c>, <c>refused</c>, <c>failed</c> or <c>denied</c>.</param>
/// <param name="Request">With which parameters; never a secret.</param>
/// <param name="Before">How it was.</param>
/// <param name="After">How it is, or why not.</param>
public sealed record AuditEntry(DateTimeOffset At, string Operator, string Origin, string Node, string Operation, string Stage, string Request, string? Before, string? After);

/// <summary>An audit record in its place.</summary>
/// <param name="Number">From 1 without a gap.</param>
/// <param name="Entry">What it says.</param>
/// <param name="Hash">SHA-256 over the hash before and the entry, 64 hexadecimal digits.</param>
public sealed record AuditRecord(long Number, AuditEntry Entry, string Hash);

/// <summary>The operators, by the hash of their token.</summary>
public interface IOperatorRegister
{
    /// <summary>All, by name.</summary>
    ValueTask<ImmutableArray<OperatorRow>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Adds one; false if the name is taken.</summary>
    ValueTask<bool> AddAsync(OperatorRow row, CancellationToken cancellationToken);

    /// <summary>Adds one if there is none at all; whether it did.</summary>
    ValueTask<bool> AddFirstAsync(OperatorRow row, CancellationToken cancellationToken);

    /// <summary>Takes an operator's token away; false if there is no such operator.</summary>
    ValueTask<bool> RemoveAsync(string name, CancellationToken cancellationToken);
}

/// <summary>An operator.</summary>
/// <param name="Name">1 to 63 lower-case letters, digits, dots, hyphens.</param>
/// <param name="Role"><c>viewer</c>, <c>operator</c> or <c>administrator</c>.</param>
/// <param name="TokenHash">SHA-256 of the token, 64 hexadecimal digits.</param>
/// <param name="AddedAt">When.</param>
public sealed record OperatorRow(string Name, string Role, string TokenHash, DateTimeOffset AddedAt);

/// <summary>Which sync points an operator has paused or disabled. Kept until they are resumed.</summary>
public interface IPointSwitches
{
    /// <summary>All points that are not as configured.</summary>
    ValueTask<ImmutableArray<PointSwitch>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Pauses or disables a point, or says anew why and by whom.</summary>
    ValueTask SetAsync(PointSwitch value, CancellationToken cancellationToken);

    /// <summary>Puts a point back to what is configured; false if it was so.</summary>
    ValueTask<bool> ClearAsync(SyncPointId point, CancellationToken cancellationToken);
}

/// <summary>A sync point that an operator switched off in one way or another.</summary>
/// <param name="Point">Which.</param>
/// <param name="IsDisabled">Whether new changes are not queued for it either; a paused point only begins nothing.</param>
/// <param name="By">Who switched it.</param>
/// <param name="Reason">Why; null if nobody said.</param>
/// <param name="Since">When.</param>
public sealed record PointSwitch(SyncPointId Point, bool IsDisabled, string By, string? Reason, DateTimeOffset Since);
