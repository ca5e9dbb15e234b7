using System.Diagnostics;

namespace PasswordSync.Operations.Bench;

/// <summary>The whole password log, read over HTTPS.</summary>
internal static class Exports
{
    public static async Task PrintAsync(Operator asking, long events, int repeats)
    {
        Console.WriteLine($"{Environment.NewLine}export: the whole password log over HTTPS, as JSON lines");
        var rates = new List<double>();
        for (var repeat = 0; repeat <= repeats; repeat++)
        {
            var began = Stopwatch.GetTimestamp();
            var lines = await asking.ExportAsync(CancellationToken.None);
            if (lines < events) throw new InvalidOperationException($"The export has {lines} lines of {events} events.");

            // The first warms up.
            if (repeat > 0) rates.Add(lines / Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        Report.Rate("lines of the log", rates, "50,000/s");
    }
}
