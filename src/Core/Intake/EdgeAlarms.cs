using System.Collections.Immutable;

namespace PasswordSync.Core.Intake;

/// <summary>What stands wrong at an edge: the names of its alarms, as a header of its question for the configuration, so that operators see them at a node. Names only; the sentences are in the edge's own log and told by its doctor.</summary>
public static class EdgeAlarms
{
    /// <summary>The header's name. It is left out where nothing stands.</summary>
    public const string Header = "PasswordSync-Edge-Alarms";

    /// <summary>How many names are told and read.</summary>
    public const int NamesMax = 16;

    /// <summary>The longest name, in characters.</summary>
    public const int NameLengthMax = 40;

    /// <summary>What the header says: names with commas between them.</summary>
    public static string ToHeader(IEnumerable<string> names) => string.Join(',', names.Order(StringComparer.Ordinal).Take(NamesMax));

    /// <summary>Reads the header: what is a name, once each; a newer edge's may be unknown. Never throws.</summary>
    public static ImmutableArray<string> Parse(string? header) =>
        header is null ? [] : [.. header.Split(',', NamesMax + 1).Where(IsName).Distinct(StringComparer.Ordinal).Take(NamesMax)];

    private static bool IsName(string text) => text.Length is > 0 and <= NameLengthMax && text.All(char.IsAsciiLetter);
}
