using PasswordSync.Actors.Identities;
using PasswordSync.Actors.Runtime;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>The way to identities: an actor each, live only while there is something to do.</summary>
internal sealed class ShardRegion : IIdentities
{
    private readonly OnDemandChildren<IdentityMessage> identities;
    private readonly TimeSpan askTimeout;

    private ShardRegion(OnDemandChildren<IdentityMessage> identities, TimeSpan askTimeout)
    {
        this.identities = identities;
        this.askTimeout = askTimeout;
    }

    /// <summary>Makes the region's actor at the top of the system.</summary>
    public static ShardRegion Begin(ActorSystem system, Props<IdentityMessage> identity, TimeSpan askTimeout)
    {
        var host = new Props<object>("shard-region", context => new Host(context)) { Supervision = SupervisorStrategy.Default with { RestartLimit = 1_000 } };
        return new ShardRegion(system.OnDemand(system.Spawn(host, "region"), identity), askTimeout);
    }

    public ValueTask<TellResult> TellAsync(IdentityId identity, IdentityMessage message, CancellationToken cancellationToken) =>
        AddressOf(identity).TellAsync(message, cancellationToken);

    public Task<Decision> DecideAsync(IdentityId identity, Func<DateTimeOffset, IdentityCommand> command, CancellationToken cancellationToken) =>
        AskAsync<Decision>(identity, reply => new IdentityMessage.Perform(command, reply), cancellationToken);

    public Task<IdentityState> ShowAsync(IdentityId identity, CancellationToken cancellationToken) =>
        AskAsync<IdentityState>(identity, reply => new IdentityMessage.Show(reply), cancellationToken);

    private async Task<TReply> AskAsync<TReply>(IdentityId identity, Func<IReply<TReply>, IdentityMessage> message, CancellationToken cancellationToken)
    {
        try
        {
            return await AddressOf(identity).AskAsync(message, askTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is AskTimeoutException or AskTargetStoppedException or StorageUnavailableException or ShardNotOwnedException)
        {
            throw new IdentityUnavailableException(identity, failure);
        }
    }

    private IActorRef<IdentityMessage> AddressOf(IdentityId identity) => identities.Named(identity.ToString());

    private sealed class Host(IActorContext<object> context) : Actor<object>(context)
    {
        protected internal override ValueTask ReceiveAsync(object message, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}

/// <summary>An identity could not be asked now: its shard is another node's, the database is away, or it did not answer in time.</summary>
public sealed class IdentityUnavailableException(IdentityId identity, Exception inner) : Exception($"Identity {identity} could not be asked: {inner.Message}", inner);
