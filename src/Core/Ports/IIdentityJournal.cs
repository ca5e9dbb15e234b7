using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Ports;

/// <summary>The events of each identity, durable. The house's contract between the actors and what is stored.</summary>
public interface IIdentityJournal
{
    /// <summary>The state of an identity: its last snapshot and the events after it; <see cref="IdentityState.Initial"/> for one without events.</summary>
    ValueTask<IdentityState> LoadAsync(IdentityId identity, CancellationToken cancellationToken);

    /// <summary>
    /// Writes all that one decision leads to, in one transaction: events, removal of the inbox rows it decided, the pending-work row, deletion of
    /// secrets. Many independent appends may share a commit; each learns its own result. When the task ends, it is durable. One identity's appends are written in the order in
    /// which they were asked for; a second may be asked for before the first has ended, if it names it (<see cref="JournalAppend.Follows"/>).
    /// </summary>
    /// <param name="append">What is to be written.</param>
    /// <param name="cancellationToken">Heeded until the work is queued; after that the task tells how it ended.</param>
    /// <exception cref="StorageUnavailableException">The database cannot be used now; whether it was written is unknown. Load again before going on.</exception>
    ValueTask<AppendResult> AppendAsync(JournalAppend append, CancellationToken cancellationToken);

    /// <summary>The events of an identity in order, for people: from a sequence number (1 is the first) on. What retention removed is missing.</summary>
    IAsyncEnumerable<JournalledEvent> ReadEventsAsync(IdentityId identity, long fromSequence, CancellationToken cancellationToken);
}

/// <summary>What one decision leads to.</summary>
/// <param name="Identity">Whose decision.</param>
/// <param name="Shard">The identity's shard.</param>
/// <param name="Epoch">The epoch under which this node owns the shard; another one in the database fences this append off.</param>
/// <param name="Before">The state on which was decided; its sequence must be the last journalled.</param>
/// <param name="Events">To be journalled, in order. May be empty when only inbox rows are removed or the pending-work row changes.</param>
/// <param name="After">The state after them; a snapshot may be made of it.</param>
/// <param name="DecidedInbox">Sequence numbers of inbox rows of this shard that are decided by this.</param>
/// <param name="WakeUpAt">When the identity has work next: its pending-work row; null deletes the row.</param>
/// <param name="ReleasedSecrets">Captures whose secret rows are to be deleted.</param>
public sealed record JournalAppend(
    IdentityId Identity,
    int Shard,
    long Epoch,
    IdentityState Before,
    ImmutableArray<IdentityEvent> Events,
    IdentityState After,
    ImmutableArray<long> DecidedInbox,
    DateTimeOffset? WakeUpAt,
    ImmutableArray<CaptureId> ReleasedSecrets)
{
    /// <summary>Told by the journal once this is written.</summary>
    public AppendMark Mark { get; init; } = new();

    /// <summary>The append that <see cref="Before"/> rests on, where it was not known to be written when this was decided; null for none. What follows one that was not written is a conflict, and is never written.</summary>
    public AppendMark? Follows { get; init; }

    /// <summary>The pending-work row is right as it is, whatever <see cref="WakeUpAt"/> says: it is not touched. It may be due a little before there is work, and is never due after it.</summary>
    public bool KeepsPending { get; init; }
}

/// <summary>Whether an append was written, for those that rest on it. Safe from any thread.</summary>
public sealed class AppendMark
{
    private volatile bool isWritten;

    public bool IsWritten => isWritten;

    /// <summary>It was written. For the journal alone.</summary>
    public void Set() => isWritten = true;
}

/// <summary>How an append ended.</summary>
public enum AppendResult
{
    /// <summary>Written and durable.</summary>
    Appended,

    /// <summary>Another node owns the shard now. Nothing was written. Stop working for the shard.</summary>
    Fenced,

    /// <summary>The journal has other events at this place. Nothing was written. Load again.</summary>
    Conflict,
}

/// <summary>An event as it stands in the journal.</summary>
public sealed record JournalledEvent(long Sequence, IdentityEvent Event);

/// <summary>The database cannot be used now. Trying again later can help.</summary>
public sealed class StorageUnavailableException(string message, Exception? inner) : Exception(message, inner);
