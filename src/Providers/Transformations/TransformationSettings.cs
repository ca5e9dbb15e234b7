using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Transformations;

/// <summary>
/// Reads one transformation: <c>{"upper": true}</c>, <c>{"lower": true}</c>, <c>{"remove": "-_"}</c>, <c>{"substitute": "ä", "with": "ae"}</c>,
/// <c>{"pad": 12, "with": "x"}</c>, <c>{"truncate": 8}</c>.
/// </summary>
internal static class TransformationSettings
{
    private const string Remedy = "Give one of upper, lower, remove, substitute (and with), pad (and with), truncate.";

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static Transformation? Read(SettingsReader settings, string key)
    {
        var found = ((string[])["upper", "lower", "remove", "substitute", "pad", "truncate"]).Where(name => settings.OptionalText($"{key}:{name}") is not null).ToList();
        if (found is not [var kind])
        {
            settings.Reject(key, found.Count == 0 ? Remedy : $"Give one transformation each; this has {string.Join(", ", found)}.");
            return null;
        }

        return kind switch
        {
            "upper" or "lower" => IsTrue(settings, $"{key}:{kind}") ? new Transformation.Case(kind == "upper") : null,
            "remove" => Text(settings, $"{key}:remove") is { } characters ? new Transformation.Remove(characters) : null,
            "substitute" => (Text(settings, $"{key}:substitute"), Text(settings, $"{key}:with")) is ({ } from, { } with) ? new Transformation.Substitute(from, with) : null,
            "pad" => (settings.Number($"{key}:pad", 1, 1, 256), Character(settings, $"{key}:with")) is (var length, { } with) ? new Transformation.Pad(length, with) : null,
            "truncate" => new Transformation.Truncate(settings.Number($"{key}:truncate", 256, 1, 256)),
            _ => throw new InvalidOperationException($"Internal error: unknown transformation {kind}."),
        };
    }

    private static bool IsTrue(SettingsReader settings, string key)
    {
        if (settings.Flag(key, byDefault: true)) return true;
        settings.Reject(key, "Use true, or remove the transformation.");
        return false;
    }

    private static string? Text(SettingsReader settings, string key)
    {
        var text = settings.Text(key, $"Give 1 to {TransformationPipeline.TextLengthMax} characters; to leave characters out, use remove.");
        if (text.Length <= TransformationPipeline.TextLengthMax) return text.Length == 0 ? null : text;
        settings.Reject(key, $"Give 1 to {TransformationPipeline.TextLengthMax} characters.");
        return null;
    }

    private static char? Character(SettingsReader settings, string key)
    {
        if (settings.OptionalText(key) is [var c] && !char.IsSurrogate(c)) return c;
        settings.Reject(key, "Give the one character to append.");
        return null;
    }
}
