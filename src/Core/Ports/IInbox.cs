using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Ports;

/// <summary>Accepted captures that are not decided yet. Any node adds; the owner of a shard takes what remains in it.</summary>
public interface IInbox
{
    /// <summary>How many arrivals one call accepts at most.</summary>
    const int ArrivalsMax = 1_000;

    /// <summary>
    /// Accepts captures in one transaction: inbox row, accepted-id row and secret rows each; an account seen for the first time gets an identity.
    /// Answers in the order of the arrivals. When the task ends, the accepted ones are durable. An arrival whose id is known answers
    /// <see cref="AcceptResult.AlreadyHave"/>; nothing is written for it, and no secret is touched.
    /// </summary>
    /// <param name="arrivals">At most <see cref="ArrivalsMax"/>.</param>
    /// <param name="cancellationToken">Heeded until the work is queued; after that the task tells how it ended.</param>
    /// <exception cref="StorageUnavailableException">The database cannot be used now; the edge tries again with the same ids.</exception>
    ValueTask<ImmutableArray<AcceptResult>> AcceptAsync(IReadOnlyList<Arrival> arrivals, CancellationToken cancellationToken);

    /// <summary>Which of the ids were accepted before, by any node.</summary>
    /// <param name="captureIds">At most <see cref="ArrivalsMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    ValueTask<ImmutableHashSet<CaptureId>> FindKnownAsync(IReadOnlyCollection<CaptureId> captureIds, CancellationToken cancellationToken);

    /// <summary>What remains in the given shards, in order of sequence, at most <paramref name="limit"/> rows that are not in <paramref name="except"/>; with what this product wrote to each account, read now. A row that this version cannot read is left out, logged as an error, and stays.</summary>
    ValueTask<ImmutableArray<InboxRow>> ReadAsync(IReadOnlyCollection<int> shards, IReadOnlySet<long> except, int limit, CancellationToken cancellationToken);

    /// <summary>Ends soon after rows were added by anyone, or after <paramref name="atMost"/>; may end early for no reason.</summary>
    Task WaitForArrivalsAsync(TimeSpan atMost, CancellationToken cancellationToken);
}

/// <summary>How an arrival was answered.</summary>
public enum AcceptResult
{
    /// <summary>Durable in the inbox.</summary>
    Accepted,

    /// <summary>Accepted before; nothing was written.</summary>
    AlreadyHave,
}

/// <summary>One thing that an edge brought. A closed set.</summary>
/// <param name="Account">Whose it is.</param>
/// <param name="AcceptedAt">The node's time.</param>
public abstract record Arrival(AccountId Account, DateTimeOffset AcceptedAt)
{
    /// <summary>The id by which a repeat is known: the capture's, for several candidates the newest one's.</summary>
    public abstract CaptureId Id { get; }

    /// <summary>A capture with a proven stamp.</summary>
    /// <param name="Change">The change; expires at capture time plus maximum age.</param>
    /// <param name="Scopes">The sync scopes that the edge found the account in.</param>
    /// <param name="Envelope">The sealed secret, stored in a row of its own.</param>
    public sealed record Confirmed(Change Change, ImmutableArray<string> Scopes, ReadOnlyMemory<byte> Envelope) : Arrival(Change.Account, Change.Stages.AcceptedAt)
    {
        public override CaptureId Id => Change.CaptureId;
    }

    /// <summary>Several captures, one of which caused the stamp; a bind at the source tells which.</summary>
    /// <param name="Candidates">Oldest first; 1 to 16. Each as if it were the one that caused the stamp.</param>
    /// <param name="Scopes">The sync scopes that the edge found the account in.</param>
    public sealed record Ambiguous(ImmutableArray<Candidate> Candidates, ImmutableArray<string> Scopes)
        : Arrival(Candidates[^1].Change.Account, Candidates[^1].Change.Stages.AcceptedAt)
    {
        public override CaptureId Id => Candidates[^1].Change.CaptureId;
    }

    /// <summary>What the edge found about a capture that is not to be sent; no secret comes with it.</summary>
    public sealed record Report(CaptureId CaptureId, AccountId Account, CaptureVerdict Verdict, DateTimeOffset CapturedAt, DateTimeOffset AcceptedAt)
        : Arrival(Account, AcceptedAt)
    {
        /// <summary>Whence it came; null in inboxes of before it was kept.</summary>
        public CaptureTrace? Trace { get; init; }

        public override CaptureId Id => CaptureId;
    }
}

/// <summary>One capture that may have caused the stamp.</summary>
public sealed record Candidate(Change Change, ReadOnlyMemory<byte> Envelope);

/// <summary>A row of the inbox. Envelopes are not in it: they are read from the secret store when they are needed.</summary>
/// <param name="Sequence">The row's number; numbers may become visible out of order.</param>
/// <param name="Identity">Whose it is.</param>
/// <param name="Shard">The identity's shard.</param>
/// <param name="Arrival">What came; its envelopes are empty here.</param>
/// <param name="OwnWrites">What this product wrote to the account, as read with the row.</param>
public sealed record InboxRow(long Sequence, IdentityId Identity, int Shard, Arrival Arrival, OwnWrites OwnWrites);

/// <summary>Sealed secrets, one row a capture. Rows are deleted by the append that no longer needs them.</summary>
public interface ISecretStore
{
    /// <summary>The envelope of a capture; null if it was deleted.</summary>
    ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CaptureId captureId, CancellationToken cancellationToken);

    /// <summary>Deletes secrets whose maximum age has passed, with the count of them; a delivery that still refers to one ends as expired by itself.</summary>
    ValueTask<int> SweepAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);
}

/// <summary>Accounts, the identities they belong to, and what this product wrote to them.</summary>
public interface IAccountStore
{
    /// <summary>The identity of an account; null if nothing of it ever arrived.</summary>
    ValueTask<IdentityId?> FindIdentityAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>
    /// Records, before we write to an account of a source, that we are about to: captures of the account wait until the intent is closed or its time is over. A later intent
    /// replaces an earlier one. Makes the account known if it is not. Durable when the task ends.
    /// </summary>
    ValueTask OpenIntentAsync(AccountId account, Guid attemptId, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Records the stamp that our write caused (null: nothing was written) and closes the intent if it is still that attempt's. The last written stamp never goes back.</summary>
    /// <param name="account">The account that was written to.</param>
    /// <param name="attemptId">The attempt whose intent it is.</param>
    /// <param name="written">The stamp that our write caused; null if nothing was written.</param>
    /// <param name="origin">The change that was written; kept with the stamp.</param>
    /// <param name="cancellationToken">Heeded until the work is queued.</param>
    ValueTask CloseIntentAsync(AccountId account, Guid attemptId, Stamp? written, ChangeOrigin? origin, CancellationToken cancellationToken);

    /// <summary>What this product wrote to an account: as it is now, and not before an intent that this caller recorded.</summary>
    ValueTask<OwnWrites> ReadOwnWritesAsync(AccountId account, CancellationToken cancellationToken);
}
