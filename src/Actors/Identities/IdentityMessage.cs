using System.Collections.Immutable;
using PasswordSync.Actors.Runtime;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;

namespace PasswordSync.Actors.Identities;

/// <summary>What an identity actor understands. A closed set.</summary>
public abstract record IdentityMessage
{
    private IdentityMessage() { }

    /// <summary>Whether it is decided with nothing else under way to the journal, since its decision could not be written with others.</summary>
    internal bool IsAlone { get; init; }

    /// <summary>A row of the inbox is to be decided.</summary>
    /// <param name="InboxSequence">The row.</param>
    /// <param name="Epoch">The epoch under which the node owned the shard before it read the row.</param>
    /// <param name="Command">Makes the command for the time at hand.</param>
    /// <param name="LoneSecrets">Captures of the row whose secrets no delivery can come to need: candidates that did not cause the stamp.</param>
    internal sealed record Arrived(long InboxSequence, long Epoch, Func<DateTimeOffset, IdentityCommand> Command, ImmutableArray<CaptureId> LoneSecrets) : IdentityMessage;

    /// <summary>Someone asks for a decision and waits for it until it is durable.</summary>
    internal sealed record Perform(Func<DateTimeOffset, IdentityCommand> Command, IReply<Decision> Reply) : IdentityMessage;

    /// <summary>Someone asks for the state.</summary>
    internal sealed record Show(IReply<IdentityState> Reply) : IdentityMessage;

    /// <summary>The journal has answered; one for each time that it was waited for.</summary>
    internal sealed record Written : IdentityMessage, IReminder;

    /// <summary>There may be something to do.</summary>
    internal sealed record Wake : IdentityMessage;
}
