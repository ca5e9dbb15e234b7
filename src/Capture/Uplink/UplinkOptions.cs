namespace PasswordSync.Capture.Uplink;

/// <summary>The bounds and times of the way from an edge to the nodes.</summary>
public sealed record UplinkOptions
{
    /// <summary>How many items may wait or be under way; whoever has one more waits. Default 10,000; 1 or more.</summary>
    public int ItemsMax { get; init; } = 10_000;

    /// <summary>How long one node may take to answer one batch. Default 10 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause after no node answered, and before one item is sent again; doubled each time. Default 0.25 s.</summary>
    public TimeSpan BackoffMin { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause. Default 15 s.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>After how many answers that leave one item unsettled an alarm is raised for it. Default 10, some two minutes; 1 or more.</summary>
    public int TriesBeforeAlarm { get; init; } = 10;

    /// <summary>How often the configuration is fetched when no answer tells of a new one. Default 30 s.</summary>
    public TimeSpan ConfigurationInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What is wrong with these settings, or null: the name, the value found, and what would do.</summary>
    public string? FindFault()
    {
        if (ItemsMax < 1) return $"ItemsMax is {ItemsMax}: use 1 or more.";
        if (RequestTimeout <= TimeSpan.Zero) return $"RequestTimeout is {RequestTimeout}: use more than zero.";
        if (BackoffMin <= TimeSpan.Zero) return $"BackoffMin is {BackoffMin}: use more than zero.";
        if (BackoffMax < BackoffMin) return $"BackoffMax is {BackoffMax}: use at least BackoffMin, {BackoffMin}.";
        if (TriesBeforeAlarm < 1) return $"TriesBeforeAlarm is {TriesBeforeAlarm}: use 1 or more.";
        return ConfigurationInterval <= TimeSpan.Zero ? $"ConfigurationInterval is {ConfigurationInterval}: use more than zero." : null;
    }
}
