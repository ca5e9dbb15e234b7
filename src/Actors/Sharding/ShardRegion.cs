using PasswordSync.Actors.Identities;
using PasswordSync.Actors.Runtime;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;

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

    /// <summary>Tells without waiting; false if the identity has no room now.</summary>
    public bool TryTell(IdentityId identity, IdentityMessage message) => AddressOf(identity).TryTell(message) == TellResult.Accepted;

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
#pragma warning disable CA1031 // Whatever is wrong with one identity must not look like trouble of who asked it.
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
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

/// <summary>An identity could not be asked now: its shard is another node's, the database is away, it did not answer in time, or it broke over the question.</summary>
public sealed class IdentityUnavailableException(IdentityId identity, Exception inner) : Exception($"Identity {identity} could not be asked: {inner.Message}", inner);
