using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;

namespace PasswordSync.Actors.Delivering;

/// <summary>How an attempt ended, on its way to its identity. Holds no secret.</summary>
public sealed record AttemptOutcome(IdentityId Identity, SyncPointId Point, CaptureId CaptureId, Attempt Attempt, DeliveryOutcome Outcome)
{
    /// <summary>What must be recorded before it is told, as what the write caused in an account of a source; may be called again after a failure. Null for nothing.</summary>
    public Func<Task>? RecordFirst { get; init; }

    /// <summary>Keeps the identity's shard from being handed over until it is told; disposed with it. Null for nothing.</summary>
    public IDisposable? Flight { get; init; }
}

/// <summary>The bounds of <see cref="HeldOutcomes"/>.</summary>
public sealed record HeldOutcomesOptions
{
    /// <summary>How many may be held; while there are more, no attempt is begun. Those in flight by then come on top. Default 10,000, some 10 MB.</summary>
    public int HeldMax { get; init; } = 10_000;

    /// <summary>How many are told at once; who does not answer keeps nobody else waiting, as long as there are fewer of them. Default 1,000: one costs an ask of its identity.</summary>
    public int TellingMax { get; init; } = 1_000;

    /// <summary>For how many of those what must be recorded before is recorded at once, on a connection of the database each. Default 16.</summary>
    public int RecordingMax { get; init; } = 16;

    /// <summary>How soon one is told again; doubled each time that the identity was asked in vain. Default 0.5 s.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest time between two tries. Default 5 s.</summary>
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long after its deadline one is held whose shard is another node's: that node has given the attempt up by then. Default 1 minute.</summary>
    public TimeSpan ElsewhereMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one is held at all. Default 1 day.</summary>
    public TimeSpan KeptFor { get; init; } = TimeSpan.FromDays(1);
}
