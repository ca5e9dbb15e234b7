using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Simulation.Store;

/// <summary>What is deliberately wrong, to show that the simulation finds it. Nothing by default.</summary>
internal sealed record Bugs
{
    /// <summary>Whether an append is checked against the shard's owner and epoch.</summary>
    public bool ChecksEpoch { get; init; } = true;

    /// <summary>Whether identities see the order of changes as the domain has it; if not, whatever arrives last counts as the newest, so that older may follow newer.</summary>
    public bool KeepsOrder { get; init; } = true;

    /// <summary>Whether an attempt's deadline is heeded before the write.</summary>
    public bool HeedsDeadlines { get; init; } = true;

    /// <summary>Whether the history ends in its middle with an exception that nobody thought of.</summary>
    public bool BreaksOff { get; init; }

    /// <summary>An inbox row as identities see it.</summary>
    public InboxRow Present(InboxRow row) => KeepsOrder || row.Arrival is not Arrival.Confirmed confirmed
        ? row
        : row with { Arrival = confirmed with { Change = confirmed.Change with { Stamp = new Stamp(0, (uint)row.Sequence, 0, default) } } };
}
