using System.Globalization;

namespace PasswordSync.Operations.Bench;

/// <summary>Lines for people.</summary>
internal static class Report
{
    public static double Median(IEnumerable<double> values)
    {
        var ordered = values.Order().ToList();
        return ordered[ordered.Count / 2];
    }

    public static void Line(string name, string value) => Console.WriteLine($"  {name,-58} {value}");

    public static void Rate(string name, IReadOnlyList<double> perSecond, string? goal = null) => Line(
        name, string.Create(CultureInfo.InvariantCulture, $"{Median(perSecond),9:N0}/s   ({perSecond.Min():N0} to {perSecond.Max():N0}, {perSecond.Count} times){(goal is null ? "" : $"; goal {goal}")}"));

    public static void Times(string name, IReadOnlyList<TimeSpan> times, string? goal = null)
    {
        var ms = times.Select(time => time.TotalMilliseconds).ToList();
        Line(name, string.Create(CultureInfo.InvariantCulture, $"median {Median(ms),7:N1} ms, worst {ms.Max(),7:N1} ms, of {ms.Count}{(goal is null ? "" : $"; goal {goal}")}"));
    }

    /// <summary>The median of many ratios, with what of it is known: with 95 % of certainty the true one is within 1.57 times the distance of the quartiles by the root of their number (McGill, Tukey and Larsen, 1978).</summary>
    public static void Ratio(string name, IReadOnlyList<double> ratios, string goal)
    {
        var ordered = ratios.Order().ToList();
        var (low, high) = (ordered[ordered.Count / 4], ordered[3 * ordered.Count / 4]);
        var margin = 1.57 * (high - low) / Math.Sqrt(ordered.Count);
        Line(name, string.Create(CultureInfo.InvariantCulture, $"{Median(ratios),9:N2}     (+- {margin:N2}; half of the pairs {low:N2} to {high:N2}, all {ordered[0]:N2} to {ordered[^1]:N2}, {ordered.Count} pairs); goal {goal}"));
    }

    public static void Amount(string name, IReadOnlyList<double> amounts, string unit, string? goal = null) => Line(
        name, string.Create(CultureInfo.InvariantCulture, $"{Median(amounts),9:N1} {unit} ({amounts.Min():N1} to {amounts.Max():N1}, {amounts.Count} times){(goal is null ? "" : $"; goal {goal}")}"));
}
