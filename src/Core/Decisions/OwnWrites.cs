using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Decisions;

/// <summary>What this product wrote to an account that is also a source's, for telling echoes.</summary>
/// <param name="IntentOpenUntil">While one of our writes to the account is under way: until when captures of the account wait for it; else null.</param>
/// <param name="LastWrittenStamp">The stamp that our last write caused; null if there was none.</param>
public sealed record OwnWrites(DateTimeOffset? IntentOpenUntil, Stamp? LastWrittenStamp)
{
    /// <summary>How long an intent stays open after the deadline of its attempt unless it is closed before: as long as an attempt with unknown outcome may land late. 10 minutes.</summary>
    public static readonly TimeSpan IntentHold = TimeSpan.FromMinutes(10);

    public static OwnWrites None { get; } = new(null, null);

    /// <summary>The change that our last write carried; null if there was none, or it is not known.</summary>
    public ChangeOrigin? Origin { get; init; }

    /// <summary>The same, as a node judges by it that could record nothing for a time.</summary>
    public OwnWrites After(LeaseGap gap)
    {
        ArgumentNullException.ThrowIfNull(gap);
        return IntentOpenUntil is { } until ? this with { IntentOpenUntil = gap.Extend(until) } : this;
    }
}

/// <summary>Where a password came from that was written to another account.</summary>
/// <param name="Account">The account that it was captured of.</param>
/// <param name="Stamp">The stamp that it has there.</param>
public sealed record ChangeOrigin(AccountId Account, Stamp Stamp);
