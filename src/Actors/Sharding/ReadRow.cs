using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>A row of the inbox, and the epoch under which this node owned its shard before it read the row: under another one somebody else may have decided it since.</summary>
internal sealed record ReadRow(InboxRow Row, long Epoch)
{
    public IdentityId Identity => Row.Identity;

    public long Sequence => Row.Sequence;

    public Arrival Arrival => Row.Arrival;
}
