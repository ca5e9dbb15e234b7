namespace PasswordSync.Actors.Sharding;

/// <summary>The bounds of an <see cref="InboxPump"/>.</summary>
public sealed record InboxPumpOptions
{
    /// <summary>How many rows are read at once. Default 500; at most half of <see cref="InHandMax"/>.</summary>
    public int BatchMax { get; init; } = 500;

    /// <summary>How many rows may be with identities; nothing is read while there are more. Default 4,000.</summary>
    public int InHandMax { get; init; } = 4_000;

    /// <summary>
    /// How many rows may wait for their time: captures that wait for our own write to the same account, candidates whose source does not answer, rows that crashed
    /// their identity. Nothing new is read while there are more. Default 100,000, some 10 MB.
    /// </summary>
    public int PutOffMax { get; init; } = 100_000;

    /// <summary>After how long a row that was handed out and never heard of again is handed out once more. Default 5 minutes.</summary>
    public TimeSpan HandedOutMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often the inbox is looked at when nothing tells of arrivals. Default 0.25 s.</summary>
    public TimeSpan SurveyInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How many rows that one identity had no room for come again in each <see cref="SurveyInterval"/>. Default 32.</summary>
    public int RefusalsPerInterval { get; init; } = 32;

    /// <summary>How long to wait after a failure of the database. Default 1 s.</summary>
    public TimeSpan StorageRetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many ambiguous rows are settled at once. Default 8.</summary>
    public int SettlingMax { get; init; } = 8;

    /// <summary>When a row comes again whose settler broke. Default 30 s.</summary>
    public TimeSpan SettlerRetryInterval { get; init; } = TimeSpan.FromSeconds(30);
}
