using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace PasswordSync.Architecture.Tests;

/// <summary>Each invariant of docs/ARCHITECTURE.md is named by tests that show it: by <c>I1_</c> to <c>I9_</c> in their names.</summary>
public sealed partial class InvariantRules
{
    private static readonly string[] Invariants = [.. RowOfInvariant().Matches(Repository.Read("docs/ARCHITECTURE.md")).Select(row => row.Groups["name"].Value)];

    private static readonly string[] NamedByTests =
    [
        .. from file in Repository.FilesIn("tests/", ".cs")
           from test in Test().Matches(Repository.Read(file))
           from name in InName().Matches(test.Groups["name"].Value)
           select name.Value,
    ];

    public static TheoryData<string> All => new(Invariants);

    [Fact]
    public void There_are_nine_invariants() => Invariants.ShouldBe(Enumerable.Range(1, 9).Select(number => $"I{number}"));

    [Theory, MemberData(nameof(All))]
    public void An_invariant_is_named_by_at_least_one_test(string invariant) =>
        NamedByTests.ShouldContain(invariant, $"no test is named {invariant}_…: name the one that shows it.");

    [Fact]
    public void No_test_names_an_invariant_that_is_not_there() => NamedByTests.Except(Invariants).ShouldBeEmpty();

    [GeneratedRegex(@"^\| (?<name>I\d) \|", RegexOptions.Multiline)]
    private static partial Regex RowOfInvariant();

    // The attribute of a test, whatever else stands between, and the method.
    [GeneratedRegex(@"\[(Fact|Theory)\b[^{;]*?\b(void|Task|ValueTask) (?<name>\w+)\(", RegexOptions.Singleline)]
    private static partial Regex Test();

    [GeneratedRegex(@"(?<![A-Za-z0-9])I\d(?=_)")]
    private static partial Regex InName();
}
