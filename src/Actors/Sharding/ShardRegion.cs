using PasswordSync.Actors.Identities;
using PasswordSync.Actors.Runtime;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>The way to identities: an actor each, live only while there is something to do.</summary>
internal sealed class ShardRegion : IIdentities
{
    private readonly Task<OnDemandChildren<IdentityMessage>> identities;
    private readonly TimeSpan askTimeout;

    private ShardRegion(Task<OnDemandChildren<IdentityMessage>> identities, TimeSpan askTimeout)
    {
        this.identities = identities;
        this.askTimeout = askTimeout;
    }

    /// <summary>Makes the region's actor at the top of the system.</summary>
    public static ShardRegion Begin(ActorSystem system, Props<IdentityMessage> identity, TimeSpan askTimeout)
    {
        var children = new TaskCompletionSource<OnDemandChildren<IdentityMessage>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var props = new Props<object>("shard-region", context =>
        {
            children.TrySetResult(context.OnDemand(identity));
            return new Host(context);
        })
        {
            Supervision = SupervisorStrategy.Default with { RestartLimit = 1_000 },
        };
        system.Spawn(props, "region");
        return new ShardRegion(children.Task, askTimeout);
    }

    public async ValueTask<TellResult> TellAsync(IdentityId identity, IdentityMessage message, CancellationToken cancellationToken) =>
        await (await AddressOfAsync(identity, cancellationToken).ConfigureAwait(false)).TellAsync(message, cancellationToken).ConfigureAwait(false);

    public Task<Decision> DecideAsync(IdentityId identity, Func<DateTimeOffset, IdentityCommand> command, CancellationToken cancellationToken) =>
        AskAsync<Decision>(identity, reply => new IdentityMessage.Perform(command, reply), cancellationToken);

    public Task<IdentityState> ShowAsync(IdentityId identity, CancellationToken cancellationToken) =>
        AskAsync<IdentityState>(identity, reply => new IdentityMessage.Show(reply), cancellationToken);

    private async Task<TReply> AskAsync<TReply>(IdentityId identity, Func<IReply<TReply>, IdentityMessage> message, CancellationToken cancellationToken)
    {
        try
        {
            var address = await AddressOfAsync(identity, cancellationToken).ConfigureAwait(false);
            return await address.AskAsync(message, askTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is AskTimeoutException or AskTargetStoppedException or StorageUnavailableException or ShardNotOwnedException)
        {
            throw new IdentityUnavailableException(identity, failure);
        }
    }

    // The region's actor is made by the system soon after it was asked for; until then whoever has a message waits.
    private async ValueTask<IActorRef<IdentityMessage>> AddressOfAsync(IdentityId identity, CancellationToken cancellationToken) =>
        (await identities.WaitAsync(cancellationToken).ConfigureAwait(false)).Named(identity.ToString());

    private sealed class Host(IActorContext<object> context) : Actor<object>(context)
    {
        protected internal override ValueTask ReceiveAsync(object message, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}

/// <summary>An identity could not be asked now: its shard is another node's, the database is away, or it did not answer in time.</summary>
public sealed class IdentityUnavailableException(IdentityId identity, Exception inner) : Exception($"Identity {identity} could not be asked: {inner.Message}", inner);
