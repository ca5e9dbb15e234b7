using System.Diagnostics;
using System.Globalization;

namespace PasswordSync.EndToEnd.Support;

/// <summary>How long passwords took to a target, counted from the acknowledgement of the source.</summary>
internal sealed class ArrivalTimes
{
    private readonly List<double> milliseconds = [];

    /// <summary>How many changes to time: few in a usual run, 200 in the long one.</summary>
    public static int Changes(int usually) => Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1" ? 200 : usually;

    public int Count => milliseconds.Count;

    /// <summary>Times one arrival.</summary>
    /// <param name="acknowledged">The <see cref="Stopwatch"/>'s timestamp of the acknowledgement.</param>
    /// <param name="arrival">Ends when a bind with the new password works.</param>
    public async Task AddAsync(long acknowledged, Task arrival)
    {
        await arrival;
        milliseconds.Add(Stopwatch.GetElapsedTime(acknowledged).TotalMilliseconds);
    }

    public override string ToString()
    {
        var sorted = milliseconds.Order().ToList();
        return string.Create(CultureInfo.InvariantCulture, $"median {sorted[sorted.Count / 2]:F0}, 99th percentile {sorted[(int)(sorted.Count * 0.99)]:F0}, longest {sorted[^1]:F0}");
    }
}
