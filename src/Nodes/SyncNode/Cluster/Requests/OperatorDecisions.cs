using PasswordSync.Actors;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Cluster.Requests;

/// <summary>Brings operators' decisions to the node that owns the person's shard, be it this one or another.</summary>
internal sealed class OperatorDecisions(SyncEngine engine, IShardLeases leases, IOperationsQueries queries, NodeRequests nodes)
{
    /// <summary>Lets an identity decide.</summary>
    /// <returns>Why it refused; null if it did not.</returns>
    /// <exception cref="IdentityUnavailableException">It cannot be asked now.</exception>
    /// <exception cref="StorageUnavailableException">The owner cannot be read now.</exception>
    public async Task<DecisionRefusal?> DecideAsync(IdentityId identity, SyncPointId point, DecisionKind decision, string? reason, string by, CancellationToken cancellationToken)
    {
        var shard = identity.Shard(leases.ShardCount);
        if (engine.Ownership.EpochOf(shard) is null && await OwnerAsync(shard, cancellationToken).ConfigureAwait(false) is { } owner)
        {
            var reply = await nodes.AskAsync(owner, new NodeRequest.Decide(by, identity.Value, point.Value, decision, reason), cancellationToken).ConfigureAwait(false);
            if (reply.Unavailable is { } why) throw new IdentityUnavailableException(identity, new InvalidOperationException(why));
            return reply.Refusal is { } refusal ? Enum.Parse<DecisionRefusal>(refusal) : null;
        }

        return (await engine.Identities.DecideAsync(identity, now => decision.ToCommand(now, point, reason), cancellationToken).ConfigureAwait(false)).Refusal;
    }

    private async Task<string?> OwnerAsync(int shard, CancellationToken cancellationToken)
    {
        var owner = (await queries.ListShardsAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(row => row.Shard == shard)?.Owner;
        return owner == engine.Node.Name ? null : owner;
    }
}

/// <summary>Decisions of operators as commands.</summary>
internal static class DecisionKinds
{
    public static IdentityCommand ToCommand(this DecisionKind decision, DateTimeOffset now, SyncPointId point, string? reason) => decision switch
    {
        DecisionKind.Retry => new IdentityCommand.RetryDelivery(now, point),
        DecisionKind.Discard => new IdentityCommand.DiscardDelivery(now, point, reason ?? "An operator gave it up."),
        DecisionKind.Resend => new IdentityCommand.ResendChange(now, point),
        _ => throw new InvalidOperationException($"Internal error: unknown decision {decision}."),
    };
}
