using System.Text.RegularExpressions;

namespace PasswordSync.Native.Tests.Building;

/// <summary>The table of pitfalls in native/Filter/README.md promises tests: they must be there.</summary>
public sealed partial class PitfallTableTests
{
    /// <summary>Fewer rows than this are not the table.</summary>
    private const int RowsMin = 30;

    private static string Root => Path.GetFullPath(Path.Combine(NativeBuild.Sources, "..", ".."));

    [Fact]
    public void Every_pitfall_names_a_test_that_exists_or_the_file_of_its_decision()
    {
        var tests = string.Concat(Directory.EnumerateFiles(Path.Combine(Root, "tests"), "*.cs", SearchOption.AllDirectories).Where(IsSource).Select(File.ReadAllText));
        var rows = File.ReadAllLines(Path.Combine(NativeBuild.Sources, "README.md")).SkipWhile(line => !line.StartsWith("| pitfall |", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(line => line.StartsWith('|')).Select(line => line.Split('|', StringSplitOptions.TrimEntries)).ToList();

        rows.Count.ShouldBeGreaterThan(RowsMin);
        rows.Where(row => Names(row).Count == 0).Select(row => row[1]).ShouldBeEmpty("a row without a test or a file");
        rows.SelectMany(row => Names(row).Where(name => !Exists(name)).Select(name => $"{row[1]}: {name}")).ShouldBeEmpty();
        rows.Where(row => !row[3].Contains("decision: ", StringComparison.Ordinal) && !Names(row).Any(IsTest)).Select(row => row[1]).ShouldBeEmpty("neither a test nor a decision");

        bool Exists(string name) => IsTest(name) || Candidates(name).Any(File.Exists);

        bool IsTest(string name) =>
            Regex.IsMatch(tests, $@"\b(class|Task|void) {Regex.Escape(name)}\b") || File.Exists(Path.Combine(NativeBuild.Sources, "tests", name + ".c"))
            || File.Exists(Path.Combine(NativeBuild.Sources, "fuzz", name + ".c"));
    }

    private static IEnumerable<string> Candidates(string name) => [Path.Combine(NativeBuild.Sources, name), Path.Combine(Root, name)];

    /// <summary>What stands in backticks in the last column.</summary>
    private static List<string> Names(string[] row) => [.. InBackticks().Matches(row[3]).Select(match => match.Groups[1].Value)];

    private static bool IsSource(string file) =>
        !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && Path.GetFileName(file) != $"{nameof(PitfallTableTests)}.cs";

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex InBackticks();
}
