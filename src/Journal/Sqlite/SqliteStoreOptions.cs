namespace PasswordSync.Journal.Sqlite;

/// <summary>How a <see cref="SqliteStore"/> is opened.</summary>
public sealed record SqliteStoreOptions : StoreOptions
{
    /// <summary>The database file. Its folder must exist; the file is made if it is not there. Beside it lie its "-wal", "-shm", ".lock" and ".owner" files.</summary>
    public required string Path { get; init; }

    /// <summary>How long another program may hold the database before an operation fails. Whole seconds. Default 5 s; 1 s to 5 minutes.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a lease is said to be valid. Nobody else can take the shards while this process holds the file, so it only bounds the attempts that are
    /// begun under it. Default 10 minutes; greater than zero.
    /// </summary>
    public TimeSpan LeaseValidFor { get; init; } = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public override string? FindFault()
    {
        if (string.IsNullOrWhiteSpace(Path)) return "Path is empty: name the database file.";
        if (BusyTimeout < TimeSpan.FromSeconds(1) || BusyTimeout > TimeSpan.FromMinutes(5)) return $"BusyTimeout is {BusyTimeout}: use 1 s to 5 minutes.";
        return LeaseValidFor <= TimeSpan.Zero ? $"LeaseValidFor is {LeaseValidFor}: use more than zero." : base.FindFault();
    }
}
