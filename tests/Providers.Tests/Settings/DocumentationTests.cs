using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using PasswordSync.Core.Settings;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Settings;

/// <summary>The pages under docs/providers name every setting that there is, with its default and its bounds, and the installer every kind.</summary>
public sealed partial class DocumentationTests
{
    /// <summary>What all providers have in common is on one page, to which the others lead.</summary>
    private const string CommonPage = "active-directory.md";

    private const string CommonLink = "active-directory.md#limits-all-providers";

    private static readonly string[] CommonKeys = ["limits:", "transform"];

    [Theory]
    [InlineData("activeDirectory", "active-directory.md")]
    [InlineData("exec", "exec.md")]
    [InlineData("entraId", "entra-id.md")]
    [InlineData("ldap", "ldap.md")]
    [InlineData("localAccounts", "local-accounts.md")]
    [InlineData("passwordstate", "passwordstate.md")]
    [InlineData("plugin", "plugin.md")]
    [InlineData("postgreSqlRoles", "postgresql-roles.md")]
    [InlineData("scim", "scim.md")]
    [InlineData("sql", "sql.md")]
    [InlineData("sql", "sql.md", "engine", "postgreSql")]
    [InlineData("webhook", "webhook.md")]
    public void Every_setting_is_on_the_page_of_its_provider_with_its_default_and_its_bounds(string kind, string page, string? given = null, string value = "")
    {
        var text = PageOf(page);
        var settings = SettingsOf(kind, given, value);
        var rows = RowsOf(text).Concat(LinkedPage().Matches(text).Select(link => link.Groups[1].Value).Distinct().SelectMany(linked => RowsOf(PageOf(linked)))).ToList();

        settings.Length.ShouldBeGreaterThan(6);
        if (page != CommonPage) text.ShouldContain(CommonLink);
        settings.Where(setting => !CommonKeys.Any(common => setting.StartsWith(common, StringComparison.Ordinal)) && !text.Contains($"`{setting}`", StringComparison.Ordinal)).ShouldBeEmpty($"{page} does not name them");
        var faults = settings.SelectMany(setting => RulesOf(kind, setting, given, value)
            .Where(rule => !rows.Any(row => row.Keys.Contains(setting) && Says(row.Default, rule.Default) && rule.Bounds.All(bound => Says(row.Line, bound))))
            .Select(rule => $"{setting}: default {rule.Default}, {string.Join(", ", rule.Bounds)}"));
        faults.ShouldBeEmpty($"{page}, or a page that it leads to, says otherwise");
    }

    [Fact]
    public void Every_kind_has_a_page()
    {
        var pages = Directory.GetFiles(Repository.PathOf("docs", "providers"), "*.md").Select(file => File.ReadLines(file).First()).ToList();

        foreach (var kind in ProviderRegistry.BuiltIn.Kinds) pages.ShouldContain($"# Provider `{kind}`");
    }

    [Fact]
    public void Every_kind_can_be_chosen_in_the_installer() =>
        File.ReadLines(Repository.PathOf("native", "Installer", "providers.txt")).Select(line => line.Split(' ')[0]).ShouldBe(ProviderRegistry.BuiltIn.Kinds);

    /// <summary>A key that does not exist is refused with all that do.</summary>
    private static string[] SettingsOf(string kind, string? given, string value)
    {
        var remedy = FaultsOf(kind, "none", "x", given, value).Single(fault => fault.Key == "none").Remedy;
        return [.. remedy[(remedy.IndexOf("one of ", StringComparison.Ordinal) + "one of ".Length)..].TrimEnd('.').Split(", ").Where(key => key != "none")];
    }

    /// <summary>A value that cannot be right is refused with what can, and with the default.</summary>
    private static IEnumerable<(string Default, string[] Bounds)> RulesOf(string kind, string setting, string? given, string value)
    {
        foreach (var fault in FaultsOf(kind, setting, "?!", given, value).Where(fault => fault.Key == setting))
        {
            if (NumberRule().Match(fault.Remedy) is { Success: true } number)
            {
                // A default below the least number: there is none, and one must be given.
                var (least, most, byDefault) = (number.Groups[1].Value, number.Groups[2].Value, number.Groups[3].Value);
                yield return Number(byDefault) < Number(least) ? ("required", []) : (byDefault, [$"{least} to {most}"]);
            }

            if (DurationRule().Match(fault.Remedy) is { Success: true } duration) yield return ($"`{duration.Groups[3].Value}`", [$"{duration.Groups[1].Value} to {duration.Groups[2].Value}"]);
            if (ChoiceRule().Match(fault.Remedy) is { Success: true } choice) yield return ($"`{choice.Groups[2].Value}`", [.. choice.Groups[1].Value.Split(", ").Select(name => $"`{name}`")]);
            if (FlagRule().Match(fault.Remedy) is { Success: true } flag) yield return ($"`{flag.Groups[1].Value}`", []);
        }
    }

    private static ImmutableArray<SettingFault> FaultsOf(string kind, string key, string text, string? given, string value)
    {
        var settings = new Dictionary<string, string>();
        if (given is not null) settings[given] = value;
        settings[key] = text;
        return ProviderRegistry.BuiltIn.Create(kind, settings, Any.Context(TimeProvider.System)).ShouldBeOfType<ProviderCreation.Refused>().Faults;
    }

    /// <summary>The rows of the tables of settings: the keys, the default, and the whole row, which has meaning and bounds.</summary>
    private static IEnumerable<(HashSet<string> Keys, string Default, string Line)> RowsOf(string text) =>
        from line in text.Split('\n')
        where line.StartsWith("| `", StringComparison.Ordinal)
        let cells = line.Split('|')
        where cells.Length == 6
        select (Quoted().Matches(cells[1]).Select(key => key.Groups[1].Value).ToHashSet(StringComparer.Ordinal), cells[3], line);

    private static string PageOf(string name) => File.ReadAllText(Repository.PathOf("docs", "providers", name));

    /// <summary>Whether a cell has these words by themselves, however it groups digits.</summary>
    private static bool Says(string cell, string words) => Regex.IsMatch(cell.Replace(",", "", StringComparison.Ordinal), $@"(?<!\w){Regex.Escape(words)}(?!\w)");

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\(([a-z-]+\.md)#[a-z-]+\)")]
    private static partial Regex LinkedPage();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^Use a whole number from (\S+) to (\S+) \(default (\S+)\)\.$")]
    private static partial Regex NumberRule();

    [GeneratedRegex(@"^Use a span of time from (\S+) to (\S+), .+ \(default (\S+)\)\.$")]
    private static partial Regex DurationRule();

    [GeneratedRegex(@"^Use one of (.+) \(default (\S+)\)\.$")]
    private static partial Regex ChoiceRule();

    [GeneratedRegex(@"^Use true or false \(default (\S+)\)\.$")]
    private static partial Regex FlagRule();
}
