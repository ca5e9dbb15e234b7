using System.Text.Json;
using PasswordSync.Core.Operations;
using PasswordSync.Hosting.Metrics;

namespace PasswordSync.SyncNode.Admin;

/// <summary>What the listener serves beside the operations, for the OpenAPI description: health, figures, the list of commands. Each needs the role viewer, as all else that shows.</summary>
internal static class OpenApiEndpoints
{
    private const string Json = "application/json";

    /// <summary>Writes the paths.</summary>
    public static void Write(Utf8JsonWriter writer)
    {
        Write(writer, HealthEndpoints.LivePath, "Whether the process lives, or should be ended and begun anew.", ("200", "It lives.", Json, "health"), ("503", "It should be begun anew, with reasons.", Json, "health"));
        Write(writer, HealthEndpoints.ReadyPath, "Whether the node does its work.", ("200", "It does, perhaps with warnings.", Json, "health"), ("503", "It does not, with reasons.", Json, "health"));
        Write(writer, HealthEndpoints.MetricsPath, "The node's figures, as Prometheus reads them.", ("200", "The figures.", PrometheusText.ContentType, null));
        Write(writer, "/" + CommandList.Path, "Who asks, and all commands with their parameters, as pbm downloads them.", ("200", "The list.", Json, null));
    }

    private static void Write(Utf8JsonWriter writer, string path, string summary, params ReadOnlySpan<(string Status, string Description, string ContentType, string? Schema)> answers)
    {
        writer.WriteStartObject(path);
        writer.WriteStartObject("get");
        writer.WriteString("operationId", path.Trim('/').Replace('/', '-'));
        writer.WriteString("summary", summary);
        writer.WriteString("description", "Needs the role viewer.");
        writer.WriteStartObject("responses");
        foreach (var (status, description, contentType, schema) in answers) OpenApiDocument.WriteResponse(writer, status, description, contentType, schema);
        OpenApiDocument.WriteResponse(writer, "default", "It was not done.", Problem.ContentType, "problem");
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
