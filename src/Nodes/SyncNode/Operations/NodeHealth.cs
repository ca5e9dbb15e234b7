using System.Collections.Immutable;
using PasswordSync.Actors;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Cluster;

namespace PasswordSync.SyncNode.Operations;

/// <summary>What is wrong with the node as a whole, read when it is asked.</summary>
/// <param name="engine">Its actors.</param>
/// <param name="queries">Its journal.</param>
/// <param name="replication">Whether its database is on two servers.</param>
/// <param name="completion">Ends when a part of the node has ended; null while the node is still being put together, when its gauges already ask, and while it is ended in order, when nobody should begin it anew for that.</param>
internal sealed class NodeHealth(SyncEngine engine, IOperationsQueries queries, ReplicationWatch replication, Func<Task?> completion)
{
    /// <summary>How long the journal may take to answer before the node is not ready.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Why the process should be ended and begun anew; empty if it lives.</summary>
    public IEnumerable<string> Live()
    {
        if (completion() is { IsCompleted: true }) yield return "A part of the node has ended: restart it; the log says what happened.";
    }

    /// <summary>What is wrong though it does its work; empty if nothing is.</summary>
    public IEnumerable<string> Warnings()
    {
        if (replication.Alarm is { } alarm) yield return alarm;
    }

    /// <summary>Why it does not do its work; empty if it does.</summary>
    public async Task<ImmutableArray<string>> ReadyAsync(CancellationToken cancellationToken)
    {
        var troubles = Live().ToList();
        if (engine.Ownership.Shards.Count == 0) troubles.Add("The node owns no shard: it decides nothing.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerTimeout);
        try
        {
            // Any answer will do: counting all there is would cost the database more, the more there is.
            await queries.ListPendingAsync(after: null, 1, limit.Token).ConfigureAwait(false);
        }
        catch (StorageUnavailableException failure)
        {
            troubles.Add($"The database cannot be used: {failure.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            troubles.Add($"The database did not answer within {AnswerTimeout.TotalSeconds:0} s.");
        }

        return [.. troubles];
    }
}
