using System.Collections.Immutable;
using System.Globalization;
using PasswordSync.Core.Settings;

namespace PasswordSync.Providers.Settings;

/// <summary>
/// Reads the settings of one sync point, flattened to <c>key</c> or <c>list:0</c>, and gathers what is wrong with them. Keys are compared
/// without regard to case. Every key must be asked for: those that nobody asked for are faults, since they are most likely misspelt.
/// </summary>
public sealed class SettingsReader
{
    private readonly ImmutableDictionary<string, string> values;
    private readonly HashSet<string> asked = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<SettingFault> faults = [];

    public SettingsReader(IReadOnlyDictionary<string, string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        this.values = values.ToImmutableDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Whether nothing wrong was noted so far.</summary>
    public bool IsGood => faults.Count == 0;

    /// <summary>Notes a fault with the value found.</summary>
    public void Reject(string key, string remedy) => faults.Add(new SettingFault(key, values.GetValueOrDefault(key, ""), remedy));

    /// <summary>The text, or null if the key is missing or empty.</summary>
    public string? OptionalText(string key)
    {
        asked.Add(key);
        return values.TryGetValue(key, out var text) && text.Length > 0 ? text : null;
    }

    /// <summary>The text; a fault and an empty text if it is missing.</summary>
    public string Text(string key, string remedy)
    {
        if (OptionalText(key) is { } text) return text;
        Reject(key, remedy);
        return "";
    }

    /// <summary>Whether there are settings below this key.</summary>
    public bool HasGroup(string key) => values.Keys.Any(found => found.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase));

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool Flag(string key, bool byDefault)
    {
        if (OptionalText(key) is not { } text) return byDefault;
        if (bool.TryParse(text, out var flag)) return flag;
        Reject(key, $"Use true or false (default {(byDefault ? "true" : "false")}).");
        return byDefault;
    }

    /// <summary>A whole number within bounds, both included.</summary>
    public int Number(string key, int byDefault, int min, int max)
    {
        if (OptionalText(key) is not { } text) return byDefault;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max) return number;
        Reject(key, string.Create(CultureInfo.InvariantCulture, $"Use a whole number from {min} to {max} (default {byDefault})."));
        return byDefault;
    }

    /// <summary>A span of time (<c>500ms</c>, <c>10s</c>, <c>15m</c>, <c>1h</c>) within bounds, both included.</summary>
    public TimeSpan Duration(string key, TimeSpan byDefault, TimeSpan min, TimeSpan max)
    {
        if (OptionalText(key) is not { } text) return byDefault;
        if (DurationText.Parse(text) is { } duration && duration >= min && duration <= max) return duration;
        Reject(key, $"Use a span of time from {DurationText.Format(min)} to {DurationText.Format(max)}, like 500ms, 10s, 15m or 1h (default {DurationText.Format(byDefault)}).");
        return byDefault;
    }

    /// <summary>One of the names of an enumeration, without regard to case.</summary>
    public TChoice Choice<TChoice>(string key, TChoice byDefault)
        where TChoice : struct, Enum
    {
        if (OptionalText(key) is not { } text) return byDefault;
        var names = Enum.GetNames<TChoice>();
        if (names.FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } found) return Enum.Parse<TChoice>(found);
        Reject(key, $"Use one of {string.Join(", ", names.Select(CamelCase))} (default {CamelCase(byDefault.ToString())}).");
        return byDefault;
    }

    /// <summary>The texts under <c>key:0</c>, <c>key:1</c>, … in the order of their numbers, or the one under <c>key</c>.</summary>
    public ImmutableArray<string> List(string key, int countMax)
    {
        if (OptionalText(key) is { } single) return [single];
        var texts = values.Keys
            .Where(found => found.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase))
            .Select(found => (Key: found, Index: int.TryParse(found.AsSpan(key.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : -1))
            .Where(item => item.Index >= 0)
            .OrderBy(item => item.Index)
            .Select(item => OptionalText(item.Key))
            .OfType<string>()
            .ToImmutableArray();
        if (texts.Length <= countMax) return texts;
        faults.Add(new SettingFault(key, string.Create(CultureInfo.InvariantCulture, $"{texts.Length} values"), string.Create(CultureInfo.InvariantCulture, $"Use at most {countMax}.")));
        return texts[..countMax];
    }

    /// <summary>The texts under <c>key:NAME</c>, by name.</summary>
    public ImmutableDictionary<string, string> Map(string key, int countMax)
    {
        var prefix = key + ":";
        var texts = values.Keys
            .Where(found => found.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            .ToImmutableDictionary(found => found[prefix.Length..], found => OptionalText(found) ?? "", StringComparer.OrdinalIgnoreCase);
        asked.Add(key);
        if (values.ContainsKey(key)) Reject(key, $"Give names and texts below it ({key}:NAME).");
        if (texts.Count > countMax) faults.Add(new SettingFault(key, string.Create(CultureInfo.InvariantCulture, $"{texts.Count} values"), string.Create(CultureInfo.InvariantCulture, $"Use at most {countMax}.")));
        return texts;
    }

    /// <summary>
    /// A reference to a secret; null if the key is missing. The value is never shown, not even a wrong one: it may be the secret itself,
    /// written there by mistake.
    /// </summary>
    public string? SecretReference(string key, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(allowList);
        if (OptionalText(key) is not { } text) return null;
        if (!Settings.SecretReferences.IsReference(text))
        {
            faults.Add(new SettingFault(key, SettingFault.NotShown, "Use a reference to the secret, file:/absolute/path or env:NAME, never the secret itself."));
            return null;
        }

        if (allowList.AllowsSecretReference(text)) return text;
        faults.Add(new SettingFault(key, text, "This node's allow-list of secret references does not have it: add it there, or use one that it has."));
        return null;
    }

    /// <summary>As <see cref="SecretReference"/>; a missing key is a fault.</summary>
    public string? RequiredSecretReference(string key, NodeAllowList allowList)
    {
        if (OptionalText(key) is null) Reject(key, "Give a reference to the secret, file:/absolute/path or env:NAME.");
        return SecretReference(key, allowList);
    }

    /// <summary>References to secrets under <c>key:NAME</c>, by name; never shown, as above.</summary>
    public ImmutableDictionary<string, string> SecretReferences(string key, int countMax, NodeAllowList allowList)
    {
        var names = Map(key, countMax).Keys;
        return names.ToImmutableDictionary(name => name, name => SecretReference($"{key}:{name}", allowList) ?? "", StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>All faults, with those of keys that nobody asked for.</summary>
    public ImmutableArray<SettingFault> Finish() =>
    [
        .. faults,
        .. values.Keys.Where(key => !asked.Contains(key)).Order(StringComparer.OrdinalIgnoreCase)
            .Select(key => new SettingFault(key, SettingFault.NotShown, $"No such setting: remove it, or use one of {string.Join(", ", asked.Order(StringComparer.OrdinalIgnoreCase))}.")),
    ];

    private static string CamelCase(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
