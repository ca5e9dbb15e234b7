namespace PasswordSync.Actors.Runtime;

/// <summary>
/// Children of one actor that come to life when they are told something: their addresses outlive them. Safe from any thread; telling does
/// not pass through the parent's mailbox, so a full child holds up only those who tell to it.
/// </summary>
/// <remarks>
/// While the parent is not running (its start has not been decided on, it restarts, it ends), and while the child itself stops for good,
/// telling answers <see cref="TellResult.Stopped"/>.
/// </remarks>
public sealed class OnDemandChildren<TMessage>
{
    private readonly ActorCell parent;
    private readonly Props<TMessage> props;

    internal OnDemandChildren(ActorCell parent, Props<TMessage> props) => (this.parent, this.props) = (parent, props);

    /// <summary>The address of the child with this name, whether it is alive or not. Costs one small object and no look-up.</summary>
    /// <param name="name">1 to 200 characters, no slash, no control characters.</param>
    public IActorRef<TMessage> Named(string name)
    {
        ActorName.Require(name);
        return new Address(parent, props, name);
    }

    private sealed class Address(ActorCell parent, Props<TMessage> props, string name) : IActorRef<TMessage>
    {
        public string Path => $"{parent.Path}/{name}";

        public TellResult TryTell(TMessage message)
        {
            for (var child = Resolve(refusing: null); child is not null; child = Resolve(child))
            {
                var result = child.TryTell(message);
                if (result != TellResult.Stopped) return result;
            }

            return TellResult.Stopped;
        }

        public async ValueTask<TellResult> TellAsync(TMessage message, CancellationToken cancellationToken)
        {
            for (var child = Resolve(refusing: null); child is not null; child = Resolve(child))
            {
                var result = await child.TellAsync(message, cancellationToken).ConfigureAwait(false);
                if (result != TellResult.Stopped) return result;
            }

            return TellResult.Stopped;
        }

        public async Task<TReply> AskAsync<TReply>(Func<IReply<TReply>, TMessage> createMessage, TimeSpan timeout, CancellationToken cancellationToken)
        {
            for (var child = Resolve(refusing: null); child is not null; child = Resolve(child))
            {
                try
                {
                    return await child.AskAsync(createMessage, timeout, cancellationToken).ConfigureAwait(false);
                }
                catch (AskTargetStoppedException stopped) when (!stopped.Taken)
                {
                    // Nobody has taken the message: the next incarnation may.
                }
            }

            throw new AskTargetStoppedException(Path, taken: false);
        }

        /// <summary>
        /// The live child, made if need be; null if none can be told now. Each further round needs a child that stopped just between being
        /// found and being told, so the loops end.
        /// </summary>
        private ActorCell<TMessage>? Resolve(ActorCell<TMessage>? refusing) =>
            refusing is { HasStopped: false } ? null : parent.SpawnOrNull(props, name, reuse: true);
    }
}
