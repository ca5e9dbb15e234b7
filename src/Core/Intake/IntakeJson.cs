using System.Text.Json;
using System.Text.Json.Serialization;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Intake;

/// <summary>The JSON of what edges and nodes say to each other. Unknown properties are ignored; a missing one, or null where none may be, is an error.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowOutOfOrderMetadataProperties = true,
    Converters = [typeof(CaptureIdConverter), typeof(SourceIdConverter), typeof(CaptureVerdictConverter)])]
[JsonSerializable(typeof(IntakeBatch))]
[JsonSerializable(typeof(IntakeAnswer))]
[JsonSerializable(typeof(EdgeConfiguration))]
public sealed partial class IntakeJson : JsonSerializerContext;

internal sealed class CaptureIdConverter : JsonConverter<CaptureId>
{
    public override CaptureId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Guid.TryParseExact(reader.GetString(), "N", out var value) && value != Guid.Empty
            ? new CaptureId(value)
            : throw new JsonException("A capture id is 32 hexadecimal digits, not all zero.");

    public override void Write(Utf8JsonWriter writer, CaptureId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

internal sealed class SourceIdConverter : JsonConverter<SourceId>
{
    public override SourceId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.GetString();
        return SourceId.IsValid(text) ? new SourceId(text!) : throw new JsonException("A source name is 1 to 63 lower-case letters, digits, dots or hyphens.");
    }

    public override void Write(Utf8JsonWriter writer, SourceId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}

/// <summary>The verdicts' names on the wire, apart from their names in code.</summary>
internal sealed class CaptureVerdictConverter : JsonConverter<CaptureVerdict>
{
    public override CaptureVerdict Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString() switch
    {
        "superseded" => CaptureVerdict.SupersededAtEdge,
        "refused-by-source" => CaptureVerdict.RefusedBySource,
        "overtaken" => CaptureVerdict.Overtaken,
        "unconfirmed" => CaptureVerdict.Unconfirmed,
        _ => throw new JsonException("Not a verdict on a capture."),
    };

    public override void Write(Utf8JsonWriter writer, CaptureVerdict value, JsonSerializerOptions options) => writer.WriteStringValue(value switch
    {
        CaptureVerdict.SupersededAtEdge => "superseded",
        CaptureVerdict.RefusedBySource => "refused-by-source",
        CaptureVerdict.Overtaken => "overtaken",
        CaptureVerdict.Unconfirmed => "unconfirmed",
        _ => throw new InvalidOperationException($"Internal error: verdict {value} has no name on the wire."),
    });
}
