using System.Text.RegularExpressions;
using PasswordSync.Nodes.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Bounds;

/// <summary>docs/operations/bounds.md is the one place that names every bound with its default and what happens when it is reached.</summary>
public sealed partial class Bounds_are_documented
{
    /// <summary>The rooms in which no bound may be left out; of the others, those that people meet are listed, and they must be right.</summary>
    private static readonly string[] Complete = ["Core", "Sealing", "Ldap", "Actors", "Capture"];

    private const string File = "docs/operations/bounds.md";

    private static readonly IReadOnlyDictionary<string, (string Default, string Effect)> Documented =
        Row().Matches(System.IO.File.ReadAllText(Path.Combine(RepositoryFolder.Path, File))).ToDictionary(row => row.Groups["name"].Value, row => (row.Groups["default"].Value, row.Groups["effect"].Value));

    [Fact]
    public void I7_every_bound_of_the_product_is_documented_with_its_default()
    {
        Bound.All.Count.ShouldBeGreaterThan(50, "the search itself works");
        Bound.All.Where(bound => Documented.TryGetValue(bound.Name, out var row) ? row.Default != bound.Default : Complete.Contains(bound.Room))
            .Select(bound => $"| `{bound.Name}` | {bound.Default} | what happens when it is reached |")
            .ShouldBeEmpty($"add or correct these rows of {File}.");
    }

    [Fact]
    public void Every_documented_bound_exists_and_says_what_happens_when_it_is_reached()
    {
        Documented.Keys.Except(Bound.All.Select(bound => bound.Name)).ShouldBeEmpty($"{File} names bounds that are gone.");
        Documented.Where(row => row.Value.Effect.Length < 10).Select(row => row.Key).ShouldBeEmpty();
    }

    [GeneratedRegex(@"^\| `(?<name>[\w.]+)` \| (?<default>[^|]+) \| (?<effect>[^|]*) \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
