namespace PasswordSync.Hosting.Doctor;

/// <summary>What one look of <c>doctor</c> found.</summary>
/// <param name="What">What was looked at.</param>
/// <param name="Result">How it is.</param>
/// <param name="Found">What was found, for people; never a secret.</param>
/// <param name="Remedy">What to do; null if nothing.</param>
public sealed record Finding(string What, FindingResult Result, string Found, string? Remedy)
{
    public static Finding Good(string what, string found) => new(what, FindingResult.Good, found, null);

    public static Finding Warning(string what, string found, string remedy) => new(what, FindingResult.Warning, found, remedy);

    public static Finding Bad(string what, string found, string remedy) => new(what, FindingResult.Bad, found, remedy);

    /// <summary>It could not be looked at.</summary>
    public static Finding NotChecked(string what, string found, string? remedy = null) => new(what, FindingResult.NotChecked, found, remedy);

    /// <summary>One line about all of them.</summary>
    public static string Verdict(IReadOnlyCollection<Finding> found)
    {
        ArgumentNullException.ThrowIfNull(found);
        var (bad, warned) = (found.Count(one => one.Result == FindingResult.Bad), found.Count(one => one.Result == FindingResult.Warning));
        var warnings = warned == 1 ? "1 warning" : $"{warned} warnings";
        return bad > 0 ? $"ill: {bad} bad, {warnings}" : warned > 0 ? $"well, with {warnings}" : "well";
    }

    /// <summary>Writes what was found, each with its remedy, and the verdict as the last line.</summary>
    public static void Write(IReadOnlyCollection<Finding> found, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(output);
        foreach (var one in found)
        {
            output.WriteLine($"{one.Word,-11} {one.What}: {one.Found}");
            if (one.Remedy is { } remedy) output.WriteLine($"{"",-11}   -> {remedy}");
        }

        output.WriteLine($"{found.Count} checks: {Verdict(found)}");
    }

    /// <summary>The result as it is shown.</summary>
    public string Word => Result switch
    {
        FindingResult.Good => "good",
        FindingResult.Warning => "warning",
        FindingResult.Bad => "bad",
        FindingResult.NotChecked => "not checked",
        _ => throw new InvalidOperationException($"Internal error: unknown result {Result}."),
    };
}

/// <summary>How something is.</summary>
public enum FindingResult
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>It works, but not for long, or not as safely as it could.</summary>
    Warning,

    /// <summary>It does not work, or is not safe.</summary>
    Bad,

    /// <summary>It could not be looked at.</summary>
    NotChecked,
}
