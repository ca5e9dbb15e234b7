using System.Text.Json;
using PasswordSync.Core.Operations;
using PasswordSync.Hosting;
using PasswordSync.SyncNode.Operations;

namespace PasswordSync.SyncNode.Admin;

/// <summary>The OpenAPI 3.1 description of the HTTP face, made from the descriptions of the operations.</summary>
internal static class OpenApiDocument
{
    public const string Path = "api/v1/openapi.json";

    public static void Write(Utf8JsonWriter writer, OperationsLayer layer)
    {
        writer.WriteStartObject();
        writer.WriteString("openapi", "3.1.0");
        writer.WriteStartObject("info");
        writer.WriteString("title", "PasswordSync operations");
        writer.WriteString("version", ProductVersion.Text);
        writer.WriteEndObject();
        writer.WriteStartArray("security");
        writer.WriteStartObject();
        writer.WriteStartArray("token");
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteStartObject("paths");
        foreach (var operation in layer.Operations) WriteOperation(writer, operation.Description);
        OpenApiEndpoints.Write(writer);
        writer.WriteEndObject();
        WriteComponents(writer);
        writer.WriteEndObject();
    }

    private static void WriteOperation(Utf8JsonWriter writer, CommandDescription description)
    {
        writer.WriteStartObject(OperationEndpoints.PathOf(description));
        writer.WriteStartObject(description.Method.ToLowerInvariant());
        writer.WriteString("operationId", $"{description.Palette} {description.Name}".Trim().Replace(' ', '-'));
        writer.WriteString("summary", description.Summary);
        writer.WriteString("description", $"Needs the role {description.Role}.{(description.IsAudited ? " Is written into the audit." : "")}");
        writer.WriteStartArray("tags");
        writer.WriteStringValue(description.Palette);
        writer.WriteEndArray();
        if (description.Method == "GET") WriteQuery(writer, description);
        else WriteBody(writer, description);
        writer.WriteStartObject("responses");
        WriteResponse(writer, "200", "The answer.", description.Streams ? "application/x-ndjson" : "application/json", description.Streams ? "row" : "answer");
        WriteResponse(writer, "default", "It was not done.", Problem.ContentType, "problem");
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteQuery(Utf8JsonWriter writer, CommandDescription description)
    {
        writer.WriteStartArray("parameters");
        foreach (var parameter in description.Parameters)
        {
            writer.WriteStartObject();
            writer.WriteString("name", parameter.Name);
            writer.WriteString("in", "query");
            writer.WriteString("description", parameter.Summary);
            writer.WriteBoolean("required", parameter is { Required: true, Default: null });
            writer.WritePropertyName("schema");
            WriteSchema(writer, parameter, description: null);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteBody(Utf8JsonWriter writer, CommandDescription description)
    {
        writer.WriteStartObject("requestBody");
        writer.WriteStartObject("content");
        writer.WriteStartObject("application/json");
        writer.WriteStartObject("schema");
        writer.WriteString("type", "object");
        writer.WriteBoolean("additionalProperties", false);
        writer.WriteStartObject("properties");
        foreach (var parameter in description.Parameters)
        {
            writer.WritePropertyName(parameter.Name);
            WriteSchema(writer, parameter, parameter.Summary);
        }

        writer.WriteEndObject();
        writer.WriteStartArray("required");
        foreach (var parameter in description.Parameters.Where(parameter => parameter is { Required: true, Default: null })) writer.WriteStringValue(parameter.Name);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    // In the query the description stands beside the schema; in a body only the schema has one.
    private static void WriteSchema(Utf8JsonWriter writer, ParameterDescription parameter, string? description)
    {
        var told = string.Join(' ', new[] { description, parameter.Default is { } standard ? $"Default: {standard}." : null }.OfType<string>());
        writer.WriteStartObject();
        if (told.Length > 0) writer.WriteString("description", told);
        if (parameter.Repeatable)
        {
            writer.WriteString("type", "array");
            writer.WriteStartObject("items");
        }

        writer.WriteString("type", parameter.Kind switch { "number" => "integer", "flag" => "boolean", _ => "string" });
        if (parameter.Kind == "secret") writer.WriteBoolean("writeOnly", true);
        if (parameter.Kind == "duration") writer.WriteString("pattern", "^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$");
        writer.WriteEndObject();
        if (parameter.Repeatable) writer.WriteEndObject();
    }

    /// <summary>Writes one response; without a schema, one of any form.</summary>
    internal static void WriteResponse(Utf8JsonWriter writer, string status, string description, string contentType, string? schema)
    {
        writer.WriteStartObject(status);
        writer.WriteString("description", description);
        writer.WriteStartObject("content");
        writer.WriteStartObject(contentType);
        if (schema is not null)
        {
            writer.WriteStartObject("schema");
            writer.WriteString("$ref", $"#/components/schemas/{schema}");
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteComponents(Utf8JsonWriter writer)
    {
        writer.WritePropertyName("components");
        writer.WriteRawValue(
            """
            {"securitySchemes":{"token":{"type":"http","scheme":"bearer"}},
             "schemas":{
              "row":{"type":"object","description":"One row: a value for each column. Times are RFC 3339, durations are seconds.","additionalProperties":{"type":["string","number","boolean","null"]}},
              "answer":{"type":"object","required":["sections"],"properties":{"sections":{"type":"array","items":{"type":"object","required":["columns","rows"],"properties":{
                "title":{"type":"string"},"noun":{"type":"string","description":"What a row is: singular|plural."},
                "columns":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"title":{"type":"string"},"kind":{"enum":["text","number","time","duration","flag"]}}}},
                "rows":{"type":"array","items":{"$ref":"#/components/schemas/row"}}}}},
                "badNews":{"type":"boolean","description":"True where a question was asked and what was looked at is not as it should be; else absent."}}},
              "health":{"type":"object","required":["status","reasons"],"properties":{"status":{"enum":["ok","trouble"]},"reasons":{"type":"array","items":{"type":"string"}},"warnings":{"type":"array","items":{"type":"string"},"description":"What is wrong though it does its work; absent if nothing is."}}},
              "problem":{"type":"object","description":"RFC 9457.","properties":{"type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"}}}}}
            """);
    }
}
