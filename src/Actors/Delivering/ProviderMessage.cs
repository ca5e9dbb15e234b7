using PasswordSync.Actors.Runtime;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;

namespace PasswordSync.Actors.Delivering;

/// <summary>What a provider actor understands. A closed set.</summary>
internal abstract record ProviderMessage
{
    private ProviderMessage() { }

    /// <summary>A delivery is due.</summary>
    public sealed record Due(IdentityId Identity, Offer Offer) : ProviderMessage;

    /// <summary>A delivery was carried out, one way or the other.</summary>
    public sealed record Done(IdentityId Identity, Offer Offer, PointRest? Rest) : ProviderMessage;

    /// <summary>A rest is over: the whole point's, or that of its bulk work alone.</summary>
    public sealed record Continue(bool IsOfBulk) : ProviderMessage;

    /// <summary>An operator wants nothing new begun, or wants it to go on.</summary>
    public sealed record Pause(bool IsPaused) : ProviderMessage;

    /// <summary>Someone asks how it stands.</summary>
    public sealed record Show(IReply<ProviderStatus> Reply) : ProviderMessage;
}

/// <summary>How a sync point stands on this node.</summary>
/// <param name="Waiting">Deliveries that wait: for a place, or for the end of one of the same person that is being carried out.</param>
/// <param name="Running">Deliveries being carried out.</param>
/// <param name="RestingUntil">Until when nothing of what waits is begun; null when it is not resting.</param>
public sealed record ProviderStatus(int Waiting, int Running, DateTimeOffset? RestingUntil)
{
    /// <summary>Whether an operator paused it.</summary>
    public bool IsPaused { get; init; }

    /// <summary>What it rests for, as a sentence for operators; null when it is not resting, or nothing was told.</summary>
    public string? RestsFor { get; init; }
}

/// <summary>The bounds of a sync point on one node.</summary>
public sealed record ProviderActorOptions
{
    /// <summary>How many deliveries are carried out at once. Default 8; 1 to 1,000.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>Of how many deliveries that are begun one is bulk work (a resend, a retry), while people's own changes wait too. Default 4; 2 to 1,000.</summary>
    public int BulkEvery { get; init; } = 4;

    /// <summary>How many may wait of people's own changes, and as many of bulk work. Default 200,000; beyond it they are offered again later.</summary>
    public int QueueMax { get; init; } = 200_000;

    /// <summary>The longest rest, whatever a target asks for; then it is tried again. Default 15 minutes.</summary>
    public TimeSpan RestMax { get; init; } = TimeSpan.FromMinutes(15);
}
