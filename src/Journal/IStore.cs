using PasswordSync.Core.Ports;

namespace PasswordSync.Journal;

/// <summary>All that is durable on a sync server, by concept. Whoever opened it owns it and ends it with <see cref="IAsyncDisposable.DisposeAsync"/>.</summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>The events of each identity.</summary>
    IIdentityJournal Journal { get; }

    /// <summary>Accepted captures that are not decided yet.</summary>
    IInbox Inbox { get; }

    /// <summary>Sealed secrets.</summary>
    ISecretStore Secrets { get; }

    /// <summary>Accounts, the identities they belong to, and what this product wrote to them.</summary>
    IAccountStore Accounts { get; }

    /// <summary>Which node runs which shards.</summary>
    IShardLeases Leases { get; }

    /// <summary>The nodes of the cluster.</summary>
    IClusterMembers Members { get; }

    /// <summary>Identities that have something to do at a time.</summary>
    IPendingWork PendingWork { get; }

    /// <summary>Which identity writes which target account.</summary>
    ITargetClaims TargetClaims { get; }

    /// <summary>How often something may be done in the whole cluster.</summary>
    IRateBudget Rates { get; }

    /// <summary>The edges that were heard of.</summary>
    IEdgeRegistry Edges { get; }

    /// <summary>Versions of the configuration.</summary>
    IConfigurationVersions Configurations { get; }

    /// <summary>Whether commits survive the loss of the database server; null where the store is a file of the node itself.</summary>
    IReplication? Replication { get; }

    /// <summary>What the operations people's layer asks and keeps.</summary>
    IOperationsStore Operations { get; }

    /// <summary>Looks at the database itself.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    ValueTask<StoreExamination> ExamineAsync(CancellationToken cancellationToken);

    /// <summary>What waits in the whole store, of all shards: for people, at a start.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    ValueTask<OpenWork> CountOpenWorkAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Does the housekeeping once: removes ids of accepted captures and events that are older than their retention, and what deleted secrets left in
    /// the files. The store does it by itself from time to time; tests and an operator's command may ask for it.
    /// </summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now; what was not removed is removed later.</exception>
    ValueTask<MaintenanceReport> MaintainAsync(CancellationToken cancellationToken);
}

/// <summary>What waits in a store.</summary>
/// <param name="UndecidedArrivals">Rows of the inbox.</param>
/// <param name="PendingIdentities">Identities that have something to do, now or later.</param>
/// <param name="OpenIntents">Accounts that were being written to when it was last heard of them.</param>
public sealed record OpenWork(long UndecidedArrivals, long PendingIdentities, long OpenIntents);

/// <summary>What one pass of housekeeping removed.</summary>
/// <param name="AcceptedIds">Ids of accepted captures.</param>
/// <param name="Events">Events that a snapshot covers.</param>
/// <param name="DeletedSecretsAreGone">Whether no file of the database holds a deleted secret any more; if not, the next pass tries again.</param>
public sealed record MaintenanceReport(int AcceptedIds, int Events, bool DeletedSecretsAreGone);
