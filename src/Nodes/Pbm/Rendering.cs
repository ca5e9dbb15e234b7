using System.Globalization;
using System.Text;
using System.Text.Json;

namespace PasswordSync.Pbm;

/// <summary>Values of rows, for people and for tables.</summary>
internal static class Rendering
{
    /// <summary>
    /// A text without anything that steers a terminal: control characters, and those that turn the direction of writing, become spaces. What a node answers
    /// holds names that others chose.
    /// </summary>
    public static string Clean(string text)
    {
        if (!text.Any(IsHostile)) return text;
        var clean = new StringBuilder(text.Length);
        foreach (var letter in text) clean.Append(IsHostile(letter) ? ' ' : letter);
        return clean.ToString();
    }

    /// <summary>A value as people read it.</summary>
    public static string Show(JsonElement value, string kind) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => "-",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Number when kind == "duration" => Duration(value.GetDouble()),
        JsonValueKind.String when kind == "time" => Time(value.GetString()!),
        JsonValueKind.String => Clean(value.GetString()!) is { Length: > 0 } text ? text : "-",
        _ => Clean(value.GetRawText()),
    };

    /// <summary>A value as it came, for tables of other programs.</summary>
    public static string Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => "",
        JsonValueKind.String => Clean(value.GetString()!),
        _ => Clean(value.GetRawText()),
    };

    /// <summary>A field of comma-separated values. One that a spreadsheet would take for a formula is kept from being one.</summary>
    public static string CsvField(string text)
    {
        if (text.Length > 0 && text[0] is '=' or '+' or '@' or '\t' || (text is ['-', _, ..] && !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _))) text = "'" + text;
        return text.AsSpan().ContainsAny(',', '"', ' ') ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }

    private static bool IsHostile(char letter) => char.IsControl(letter) || letter is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u200E' or '\u200F' or '\u061C';

    private static string Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : Clean(text);

    private static string Duration(double seconds) => seconds switch
    {
        < 1 => FormattableString.Invariant($"{seconds * 1_000:0.#} ms"),
        < 60 => FormattableString.Invariant($"{seconds:0.###} s"),
        < 3_600 => FormattableString.Invariant($"{Math.Floor(seconds / 60):0} m {seconds % 60:0} s"),
        _ => FormattableString.Invariant($"{Math.Floor(seconds / 3_600):0} h {Math.Floor(seconds % 3_600 / 60):0} m"),
    };
}
