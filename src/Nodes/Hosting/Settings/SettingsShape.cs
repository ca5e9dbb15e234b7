using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PasswordSync.Core.Settings;

namespace PasswordSync.Hosting.Settings;

/// <summary>
/// Compares a document with the type that it could not be read as, and tells everything that does not fit: unknown and missing keys and values of another
/// kind, each with what to write instead. The serializer itself ends at the first, and speaks of types.
/// </summary>
internal static class SettingsShape
{
    private const int FoundCharactersMax = 60;

    // A value of another kind than expected may still be a secret that somebody wrote there.
    private static readonly string[] Secretive = ["pass", "secret", "token", "key"];

    public static IEnumerable<SettingFault> FindFaults(JsonElement document, Type type, JsonSerializerOptions format) => OfValue(document, format.GetTypeInfo(type), "", format);

    private static IEnumerable<SettingFault> OfValue(JsonElement value, JsonTypeInfo type, string key, JsonSerializerOptions format) => (type.Kind, value.ValueKind) switch
    {
        (JsonTypeInfoKind.Object, JsonValueKind.Object) => OfObject(value, type, key, format),
        (JsonTypeInfoKind.Enumerable, JsonValueKind.Array) => value.EnumerateArray().SelectMany((item, index) => OfValue(item, format.GetTypeInfo(type.ElementType!), $"{key}[{index}]", format)),
        (JsonTypeInfoKind.Dictionary, JsonValueKind.Object) => value.EnumerateObject().SelectMany(item => OfValue(item.Value, format.GetTypeInfo(type.ElementType!), Join(key, item.Name), format)),
        (JsonTypeInfoKind.None, _) => OfLeaf(value, type, key, format),
        _ => [NotAsExpected(value, type, key)],
    };

    private static IEnumerable<SettingFault> OfObject(JsonElement value, JsonTypeInfo type, string key, JsonSerializerOptions format)
    {
        var known = type.Properties.ToDictionary(property => property.Name, StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            if (!known.TryGetValue(member.Name, out var property))
            {
                var unused = known.Keys.Where(name => !value.TryGetProperty(name, out _)).Order(StringComparer.Ordinal).ToList();
                yield return new(Join(key, member.Name), "", $"there is no such key. {(unused.Count == 0 ? "Leave it out" : $"Keys that could be meant: {string.Join(", ", unused)}")}.");
            }
            else if (member.Value.ValueKind == JsonValueKind.Null && MayBeNull(property))
            {
                continue;
            }
            else
            {
                foreach (var fault in OfValue(member.Value, format.GetTypeInfo(property.PropertyType), Join(key, member.Name), format)) yield return fault;
            }
        }

        foreach (var missing in known.Values.Where(property => IsRequired(property) && !value.TryGetProperty(property.Name, out _)))
        {
            yield return new(Join(key, missing.Name), "", $"it is missing: write {Expected(format.GetTypeInfo(missing.PropertyType))}.");
        }
    }

    private static IEnumerable<SettingFault> OfLeaf(JsonElement value, JsonTypeInfo type, string key, JsonSerializerOptions format)
    {
        SettingFault fault;
        try
        {
            if (value.ValueKind != JsonValueKind.Null)
            {
                value.Deserialize(type);
                return [];
            }

            fault = NotAsExpected(value, type, key);
        }
        catch (JsonException) when (type.Type != typeof(TimeSpan))
        {
            fault = NotAsExpected(value, type, key);
        }
        catch (JsonException failure)
        {
            // Its converter speaks to people, and of the value.
            fault = new SettingFault(key, "", SettingsFile.Shorten(failure.Message));
        }

        return [fault];
    }

    private static SettingFault NotAsExpected(JsonElement value, JsonTypeInfo type, string key) => new(key.Length == 0 ? "(file)" : key, Found(value, key), $"write {Expected(type)}.");

    private static string Found(JsonElement value, string key)
    {
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array) return value.ValueKind == JsonValueKind.Object ? "{ … }" : "[ … ]";
        var name = key[(key.LastIndexOf('.') + 1)..];
        if (Secretive.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase))) return SettingFault.NotShown;
        var text = value.ValueKind == JsonValueKind.Null ? "null" : value.ToString();
        return text.Length <= FoundCharactersMax ? text : text[..FoundCharactersMax] + "…";
    }

    private static string Expected(JsonTypeInfo type)
    {
        var plain = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (plain.IsEnum) return "one of " + string.Join(", ", Enum.GetNames(plain).Select(name => $"\"{JsonNamingPolicy.CamelCase.ConvertName(name)}\""));
        if (plain == typeof(TimeSpan)) return "a time, such as \"10s\"";
        if (plain == typeof(bool)) return "true or false";
        if (plain == typeof(string)) return "a text in quotes";
        if (plain == typeof(double)) return "a number";
        if (plain == typeof(int) || plain == typeof(long)) return "a whole number";
        return type.Kind == JsonTypeInfoKind.Enumerable ? "a list: [ … ]" : "an object: { … }";
    }

    private static bool IsRequired(JsonPropertyInfo property) => property.IsRequired || property.AssociatedParameter is { HasDefaultValue: false };

    private static bool MayBeNull(JsonPropertyInfo property) => Nullable.GetUnderlyingType(property.PropertyType) is not null || (property.IsSetNullable && property.AssociatedParameter is null or { IsNullable: true });

    private static string Join(string key, string part) => key.Length == 0 ? part : $"{key}.{part}";
}
