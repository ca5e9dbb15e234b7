using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace PasswordSync.Architecture.Tests;

/// <summary>Rules about the text of the sources that no compiler knows.</summary>
public sealed partial class SourceRules
{
    private const int LinesMax = 400;
    private const int LinesOfASmallFile = 200;

    /// <summary>The ratchet: may be made smaller, never greater. In per cent of all source files.</summary>
    private const int LongFilesMaxPercent = 6;

    private static readonly string[] SourceEndings = [".cs", ".c", ".h"];
    private static readonly string[] TextEndings =
        [".cs", ".c", ".h", ".csproj", ".props", ".targets", ".sln", ".md", ".sh", ".json", ".yml", ".yaml", ".txt", ".sql", ".mjs", ".py", "/run", ".editorconfig"];

    [Fact]
    public void No_source_file_is_longer_than_400_lines() =>
        Lengths().Where(file => file.Lines > LinesMax).ShouldBeEmpty("Split them by concept.");

    [Fact]
    public void Most_source_files_are_shorter_than_200_lines()
    {
        var lengths = Lengths().ToList();
        var longOnes = lengths.Where(file => file.Lines > LinesOfASmallFile).OrderByDescending(file => file.Lines).ToList();

        (longOnes.Count * 100).ShouldBeLessThanOrEqualTo(
            lengths.Count * LongFilesMaxPercent,
            $"{longOnes.Count} of {lengths.Count} files are longer than {LinesOfASmallFile} lines; at most {LongFilesMaxPercent} % may be. "
            + $"Split some of these by concept:\n{string.Join('\n', longOnes)}");
    }

    [Fact]
    public void The_product_holds_nothing_unfinished() =>
        Matches("src/", SourceEndings, Unfinished()).Concat(Matches("native/", SourceEndings, Unfinished()))
            .ShouldBeEmpty("Finish it, or say in an issue what is missing.");

    [Fact]
    public void Tests_never_wait_for_a_fixed_time() =>
        Matches("tests/", [".cs"], FixedWait())
            .ShouldBeEmpty("Wait for what should happen: a barrier, a TaskCompletionSource, a fake clock, Eventually in tests/Lab.");

    [Fact]
    public void No_file_speaks_of_the_machine_it_was_written_on() =>
        Matches("", TextEndings, MachineOfTheWriter()).ShouldBeEmpty();

    [Fact]
    public void Every_log_message_has_an_event_id_of_its_own()
    {
        var messages = Repository.FilesIn("src/", [".cs"]).SelectMany(file => LogMessage().Matches(Repository.Read(file)).Select(found => (File: file, Id: found.Groups["id"].Value))).ToList();

        messages.ShouldNotBeEmpty();
        messages.Where(message => message.Id.Length == 0).ShouldBeEmpty("Give them ids.");
        messages.GroupBy(message => message.Id).Where(same => same.Count() > 1).SelectMany(same => same).ShouldBeEmpty("Whoever filters by an id must get one message.");
    }

    private static IEnumerable<(string File, int Lines)> Lengths() =>
        Repository.FilesIn("", SourceEndings).Select(file => (file, Repository.Read(file).Count(character => character == '\n')));

    private static IEnumerable<string> Matches(string folder, string[] endings, Regex pattern) =>
        Repository.FilesIn(folder, endings).SelectMany(file => Repository.LinesOf(file, pattern.IsMatch));

    // In quotes, three X are a value: Microsoft Graph's client calls "any status" so.
    [GeneratedRegex(@"\b(TODO|FIXME|HACK)\b|(?<!"")\bXXX\b|NotImplementedException")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"Thread\.Sleep\(|Task\.Delay\(\s*(\d|TimeSpan\.From)")]
    private static partial Regex FixedWait();

    [GeneratedRegex(@"\[LoggerMessage\(\s*(EventId\s*=\s*)?(?<id>\d*)")]
    private static partial Regex LogMessage();

    // Written so that no pattern matches itself.
    [GeneratedRegex(@"/wor[k]/|/tmp/w[t]\b|\.\./share[d]\b|/tmp/brie[f]|/tmp/lan[d]\.sh|/hom[e]/[a-z]+/")]
    private static partial Regex MachineOfTheWriter();
}
