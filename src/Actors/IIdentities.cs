using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;

namespace PasswordSync.Actors;

/// <summary>The identities of the shards that this node owns, to ask.</summary>
public interface IIdentities
{
    /// <summary>Lets an identity decide, and answers when the decision is durable.</summary>
    /// <param name="identity">Whose decision.</param>
    /// <param name="command">Makes the command for the time of the decision; called again if the decision must be taken anew.</param>
    /// <param name="cancellationToken">Gives up waiting; the decision may still be taken.</param>
    /// <exception cref="Sharding.IdentityUnavailableException">It could not be asked now; whether it decided is unknown.</exception>
    Task<Decision> DecideAsync(IdentityId identity, Func<DateTimeOffset, IdentityCommand> command, CancellationToken cancellationToken);

    /// <summary>The state of an identity, as of now.</summary>
    /// <exception cref="Sharding.IdentityUnavailableException">It could not be asked now.</exception>
    Task<IdentityState> ShowAsync(IdentityId identity, CancellationToken cancellationToken);
}
