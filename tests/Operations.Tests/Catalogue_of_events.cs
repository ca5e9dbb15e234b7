using System.Reflection;
using Microsoft.Extensions.Logging;
using PasswordSync.Operations.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>docs/operations/events.md has every event that the product logs, as it logs it; meaning and remedy are written by people and are kept when it is written anew.</summary>
public sealed class Catalogue_of_events
{
    private const string Page = "docs/operations/events.md";
    private const string Separator = "|---|---|---|---|";

    [Fact]
    public void The_page_has_every_event_with_level_and_message() =>
        GeneratedPage.ShouldHave(Page, Separator, before: null, [.. Events().Select(one => $"{Begin(one)}{(Known().TryGetValue(one.EventId, out var meaning) ? $" {meaning}" : "")} |")]);

    [Fact]
    public void Whatever_is_a_warning_or_an_error_says_what_it_means_and_what_to_do()
    {
        var known = Known();
        Events().Where(one => one.Level >= LogLevel.Warning && (!known.TryGetValue(one.EventId, out var meaning) || meaning.Length < 5)).Select(one => $"{one.EventId}: {one.Message}").ShouldBeEmpty();
    }

    private static IEnumerable<LoggerMessageAttribute> Events() =>
        from assembly in Assemblies()
        from type in assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        let attribute = method.GetCustomAttribute<LoggerMessageAttribute>()
        where attribute is not null
        orderby attribute.EventId
        select attribute;

    private static IEnumerable<Assembly> Assemblies() =>
        Directory.EnumerateFiles(AppContext.BaseDirectory, "PasswordSync.*.dll")
            .Where(file => !file.EndsWith(".Tests.dll", StringComparison.Ordinal))
            .Select(file => Assembly.Load(Path.GetFileNameWithoutExtension(file)));

    private static string Begin(LoggerMessageAttribute one) =>
        $"| {one.EventId} | {one.Level} | {one.Message.Replace("|", "\\|", StringComparison.Ordinal).Replace("\n", " ", StringComparison.Ordinal)} |";

    // The last column, by event.
    private static Dictionary<int, string> Known() => File.ReadLines(Path.Combine(GeneratedPage.Root(), Page))
        .SkipWhile(line => line != Separator).Skip(1).Where(line => line.StartsWith("| ", StringComparison.Ordinal))
        .Select(line => line.Trim('|', ' ').Split(" | "))
        .Where(cells => cells.Length == 4 && cells[3].Length > 0)
        .ToDictionary(cells => int.Parse(cells[0], System.Globalization.CultureInfo.InvariantCulture), cells => cells[3]);
}
