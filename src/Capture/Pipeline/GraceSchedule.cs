namespace PasswordSync.Capture.Pipeline;

/// <summary>When an unwanted capture's scopes are evaluated again, within its grace time. Pure.</summary>
internal static class GraceSchedule
{
    /// <summary>Parts of the grace time: with ten minutes 5 s, 30 s, 2 min, 5 min and 10 min.</summary>
    private static readonly double[] Parts = [1.0 / 120, 1.0 / 20, 1.0 / 5, 1.0 / 2, 1];

    /// <returns>The next time after <paramref name="now"/>; null if the grace is over.</returns>
    public static DateTimeOffset? Next(DateTimeOffset capturedAt, TimeSpan grace, DateTimeOffset now)
    {
        foreach (var part in Parts)
        {
            if (capturedAt + (grace * part) is var at && at > now) return at;
        }

        return null;
    }
}
