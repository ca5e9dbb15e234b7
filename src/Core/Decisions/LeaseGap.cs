namespace PasswordSync.Core.Decisions;

/// <summary>
/// The last time in which a node heard nothing about its lease, since it did not run or could not use the database, whether the lease outlasted it or not. What would have closed an intent
/// then could not be recorded, so the time of one that ran out meanwhile, or does just after, counts anew (<see cref="OwnWrites.After"/>): whoever holds what a write caused records it
/// first, or a probe finds it.
/// </summary>
/// <param name="Began">When the database was asked to which it answered last.</param>
/// <param name="Ended">When it answered again.</param>
public sealed record LeaseGap(DateTimeOffset Began, DateTimeOffset Ended)
{
    /// <summary>A silence of the database of so long is a gap also where the lease goes on, as it does for minutes after a long expiry was set; what is shorter, the holds of intents have room for. 5 s.</summary>
    public static readonly TimeSpan SilenceMin = TimeSpan.FromSeconds(5);

    // Nobody tells a process whether the database was away before it began. Outcomes are held for no longer, either.
    private static readonly TimeSpan BeforeStart = TimeSpan.FromDays(1);

    // Outcomes that are held are recorded sooner than this once the database is back; and what is opened from then on lasts longer.
    private static readonly TimeSpan RecordedWithin = TimeSpan.FromSeconds(30);

    /// <summary>There was none.</summary>
    public static LeaseGap None { get; } = new(DateTimeOffset.MaxValue, DateTimeOffset.MaxValue);

    /// <summary>The one before a process's first lease.</summary>
    public static LeaseGap AtStart(DateTimeOffset now) => new(now - BeforeStart, now);

    /// <summary>Another one after this. Intents whose time counts anew because of this one must not lose that by the next: then the two are one.</summary>
    public LeaseGap FollowedBy(DateTimeOffset began, DateTimeOffset ended) => new(began < Ended + OwnWrites.IntentHold ? Began : began, ended);

    /// <summary>Until when an intent counts that would be over at a time. However many gaps follow each other, no longer than outcomes are held.</summary>
    public DateTimeOffset Extend(DateTimeOffset until)
    {
        if (until < Began || until >= Ended + RecordedWithin) return until;
        var (anew, atMost) = (Ended + OwnWrites.IntentHold, until + BeforeStart + OwnWrites.IntentHold);
        return anew < atMost ? anew : atMost;
    }
}
