using PasswordSync.Actors;
using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Cluster.Requests;

/// <summary>Brings operators' decisions to the node that owns the person's shard, be it this one or another.</summary>
internal sealed class OperatorDecisions(SyncEngine engine, IShardLeases leases, IOperationsQueries queries, NodeRequests nodes)
{
    /// <summary>How often in a row a node may be silent in one round, before the others of its people are not tried.</summary>
    public const int SilencesMax = 3;

    /// <summary>Begins to decide about people, one after the other. Who owns which shard is read once, and anew when somebody could not be asked.</summary>
    public Round Begin() => new(this);

    /// <summary>Decisions that belong together. Not for several threads.</summary>
    public sealed class Round
    {
        private readonly OperatorDecisions way;
        private readonly Dictionary<string, int> silences = [];
        private Dictionary<int, string?>? owners;

        internal Round(OperatorDecisions way) => this.way = way;

        /// <summary>Lets an identity decide. That it cannot be asked is an answer, so that one does not cost those that come after it.</summary>
        public async Task<Decided> DecideAsync(IdentityId identity, SyncPointId point, DecisionKind decision, string? reason, string by, CancellationToken cancellationToken)
        {
            var owner = way.OwnName;
            try
            {
                owner = await OwnerAsync(way.ShardOf(identity), cancellationToken).ConfigureAwait(false) ?? owner;
                if (silences.GetValueOrDefault(owner) >= SilencesMax) return Decided.NotAsked(owner);
                var decided = owner == way.OwnName
                    ? Decided.Of(await way.DecideHereAsync(identity, point, decision, reason, cancellationToken).ConfigureAwait(false))
                    : await AskAsync(owner, new NodeRequest.Decide(by, identity.Value, point.Value, decision, reason), cancellationToken).ConfigureAwait(false);
                if (decided.NoAnswerBecause is null) silences.Remove(owner);
                return decided;
            }
            catch (Exception failure) when (failure is StorageUnavailableException or IdentityUnavailableException or AskTargetStoppedException)
            {
                return Silent(owner, failure.Message, isNode: failure is not IdentityUnavailableException { InnerException: not (StorageUnavailableException or TimeoutException) });
            }
        }

        private async Task<Decided> AskAsync(string owner, NodeRequest.Decide request, CancellationToken cancellationToken)
        {
            var reply = await way.Nodes.AskAsync(owner, request, cancellationToken).ConfigureAwait(false);
            return reply.Unavailable is { } why ? Silent(owner, why, reply.IsNodeSilent) : Decided.Of(reply.Refusal is { } refusal ? Enum.Parse<DecisionRefusal>(refusal) : null);
        }

        // Its shard may have moved: the owners are read anew. What is wrong with one person alone says nothing about the node.
        private Decided Silent(string owner, string why, bool isNode)
        {
            owners = null;
            if (isNode) silences[owner] = silences.GetValueOrDefault(owner) + 1;
            return Decided.NoAnswer(why);
        }

        private async Task<string?> OwnerAsync(int shard, CancellationToken cancellationToken)
        {
            if (way.IsHere(shard)) return null;
            owners ??= await way.ReadOwnersAsync(cancellationToken).ConfigureAwait(false);
            return owners.GetValueOrDefault(shard);
        }
    }

    private NodeRequests Nodes => nodes;

    private string OwnName => engine.Node.Name;

    private int ShardOf(IdentityId identity) => identity.Shard(leases.ShardCount);

    private bool IsHere(int shard) => engine.Ownership.EpochOf(shard) is not null;

    private async Task<Dictionary<int, string?>> ReadOwnersAsync(CancellationToken cancellationToken) =>
        (await queries.ListShardsAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(row => row.Shard, row => row.Owner);

    private async Task<DecisionRefusal?> DecideHereAsync(IdentityId identity, SyncPointId point, DecisionKind decision, string? reason, CancellationToken cancellationToken) =>
        (await engine.Identities.DecideAsync(identity, now => decision.ToCommand(now, point, reason), cancellationToken).ConfigureAwait(false)).Refusal;
}

/// <summary>What became of a decision.</summary>
internal readonly record struct Decided
{
    private Decided(DecisionRefusal? refusal, string? noAnswerBecause, string? silentNode) => (Refusal, NoAnswerBecause, SilentNode) = (refusal, noAnswerBecause, silentNode);

    /// <summary>Why the identity refused; null if it did not, or was not asked.</summary>
    public DecisionRefusal? Refusal { get; }

    /// <summary>Why the identity could not be asked now; null if it was. Where a node did not answer, it may have been done all the same.</summary>
    public string? NoAnswerBecause { get; }

    /// <summary>The node that the identity was not even asked at, since it had been silent to others; null if it was asked.</summary>
    public string? SilentNode { get; }

    /// <summary>Whether it was done.</summary>
    public bool IsDone => Refusal is null && NoAnswerBecause is null;

    public static Decided Of(DecisionRefusal? refusal) => new(refusal, null, null);

    public static Decided NoAnswer(string because) => new(null, because, null);

    public static Decided NotAsked(string node) => new(null, $"The node {node} was silent {OperatorDecisions.SilencesMax} times in a row: the others of its people were not asked.", node);
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
