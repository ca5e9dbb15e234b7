using Shouldly;

namespace PasswordSync.Operations.Tests.Support;

/// <summary>A part of a page in docs/ that is made from the product. With the environment variable PASSWORDSYNC_WRITE_DOCS=1 it is written instead of compared.</summary>
internal static class GeneratedPage
{
    /// <summary>Asserts that the lines between two lines of the page are these.</summary>
    /// <param name="page">Its path from the root of the repository.</param>
    /// <param name="after">The line before the part; it occurs once.</param>
    /// <param name="before">The beginning of the first line after the part; null for the page's end.</param>
    /// <param name="expected">The part.</param>
    public static void ShouldHave(string page, string after, string? before, IReadOnlyList<string> expected)
    {
        var path = Path.Combine(Root(), page);
        var lines = File.ReadAllLines(path).ToList();
        lines.Count(line => line == after).ShouldBe(1, $"{page} has the line '{after}' once");
        var begin = lines.IndexOf(after) + 1;
        var end = before is null ? lines.Count : lines.FindIndex(begin, line => line.StartsWith(before, StringComparison.Ordinal));
        end.ShouldBeGreaterThanOrEqualTo(begin, $"{page} goes on with '{before}'");
        if (Environment.GetEnvironmentVariable("PASSWORDSYNC_WRITE_DOCS") == "1")
        {
            File.WriteAllLines(path, [.. lines[..begin], .. expected, .. lines[end..]]);
            return;
        }

        lines[begin..end].ShouldBe(expected, $"{page} does not say what the product does. Write it anew with PASSWORDSYNC_WRITE_DOCS=1, and read what changed.");
    }

    /// <summary>The root of the repository.</summary>
    public static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "PasswordSync.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside the repository.");
        return folder;
    }
}
