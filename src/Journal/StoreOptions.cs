namespace PasswordSync.Journal;

/// <summary>What every store is opened with. A value outside its bounds refuses the opening, with the name, the value and what would do.</summary>
public abstract record StoreOptions
{
    /// <summary>How people know this node; told to whoever asks who uses the database.</summary>
    public required string NodeName { get; init; }

    /// <summary>The number of shards, fixed when the database is made; another number refuses the opening. Default 256; 1 to 65,536.</summary>
    public int ShardCount { get; init; } = 256;

    /// <summary>How many writing operations may wait in each queue; the next one waits for a place. Default 4,096; 1 to 1,000,000.</summary>
    public int WriteQueueMax { get; init; } = 4_096;

    /// <summary>
    /// How many writing operations share one commit at most; each capture of an intake counts as one, and an intake is never split. Larger ones mean fewer commits and
    /// longer waits for each. Default 512; 1 to 100,000.
    /// </summary>
    public int CommitOperationsMax { get; init; } = 512;

    /// <summary>How many reads run at once, each on a connection of its own. Default 4; 1 to 64.</summary>
    public int ReadersMax { get; init; } = 4;

    /// <summary>A snapshot is made each time an identity's events pass a multiple of this number. Default 100; 1 to 10,000.</summary>
    public int SnapshotEvery { get; init; } = 100;

    /// <summary>How many events of one identity are kept; older ones go when a snapshot is made. Default 10,000; 0 or greater.</summary>
    public int EventsKeptMax { get; init; } = 10_000;

    /// <summary>How long events are kept; older ones are removed in the background after a snapshot covers them. Default 90 days; zero or greater.</summary>
    public TimeSpan EventsKeptFor { get; init; } = TimeSpan.FromDays(90);

    /// <summary>
    /// How long the id of an accepted capture is kept, so that a late repeat is answered "already have it". Must be longer than the maximum age of a
    /// capture. Default 30 days; greater than zero.
    /// </summary>
    public TimeSpan AcceptedKeptFor { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How often the store does its housekeeping. Default 1 minute; 1 s to 1 day.</summary>
    public TimeSpan MaintenanceInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Makes the value of a new identity. Default: random (<see cref="Guid.NewGuid"/>).</summary>
    public Func<Guid> NewIdentityValue { get; init; } = Guid.NewGuid;

    /// <summary>What is wrong with these settings, or null: the name, the value found, and what would do.</summary>
    public virtual string? FindFault()
    {
        if (string.IsNullOrWhiteSpace(NodeName)) return "NodeName is empty: give the node a name.";
        if (ShardCount is < 1 or > 65_536) return $"ShardCount is {ShardCount}: use 1 to 65,536.";
        if (WriteQueueMax is < 1 or > 1_000_000) return $"WriteQueueMax is {WriteQueueMax}: use 1 to 1,000,000.";
        if (CommitOperationsMax is < 1 or > 100_000) return $"CommitOperationsMax is {CommitOperationsMax}: use 1 to 100,000.";
        if (ReadersMax is < 1 or > 64) return $"ReadersMax is {ReadersMax}: use 1 to 64.";
        if (SnapshotEvery is < 1 or > 10_000) return $"SnapshotEvery is {SnapshotEvery}: use 1 to 10,000.";
        if (EventsKeptMax < 0) return $"EventsKeptMax is {EventsKeptMax}: use 0 or greater.";
        if (EventsKeptFor < TimeSpan.Zero) return $"EventsKeptFor is {EventsKeptFor}: use zero or greater.";
        if (AcceptedKeptFor <= TimeSpan.Zero) return $"AcceptedKeptFor is {AcceptedKeptFor}: use more than the maximum age of a capture.";
        return MaintenanceInterval < TimeSpan.FromSeconds(1) || MaintenanceInterval > TimeSpan.FromDays(1) ? $"MaintenanceInterval is {MaintenanceInterval}: use 1 s to 1 day." : null;
    }
}
