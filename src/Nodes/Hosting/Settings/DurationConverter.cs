using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using PasswordSync.Core.Settings;

namespace PasswordSync.Hosting.Settings;

/// <summary>Times in configuration files: a number with a unit, such as <c>10s</c>; files of earlier versions have <c>days.hours:minutes:seconds</c>.</summary>
internal sealed class DurationConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        const string remedy = "write a number with a unit, in quotes: \"500ms\", \"10s\", \"15m\", \"1h\" or \"2d\".";
        if (reader.TokenType != JsonTokenType.String) throw new JsonException($"A time is a text: {remedy}");
        var text = reader.GetString()!;
        if (DurationText.Parse(text) is { } duration) return duration;
        return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var span) && text.Contains(':', StringComparison.Ordinal)
            ? span
            : throw new JsonException($"'{text}' is no time: {remedy}");
    }

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(DurationText.Format(value));
}
