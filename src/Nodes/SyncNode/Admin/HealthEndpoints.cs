using System.Collections.Immutable;
using System.Text.Json;
using PasswordSync.Hosting.Metrics;
using PasswordSync.SyncNode.Metrics;
using PasswordSync.SyncNode.Operations;

namespace PasswordSync.SyncNode.Admin;

/// <summary>Whether the node lives (<c>/health/live</c>) and whether it does its work (<c>/health/ready</c>): 200 or 503, with reasons, and with warnings that leave it ready; and its figures (<c>/metrics</c>).</summary>
internal sealed class HealthEndpoints(NodeHealth health, NodeMonitoring monitoring)
{
    public const string LivePath = "/health/live";

    public const string ReadyPath = "/health/ready";

    public const string MetricsPath = "/metrics";

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(LivePath, context => WriteAsync(context, [.. health.Live()], []));
        routes.MapGet(ReadyPath, async context => await WriteAsync(context, await health.ReadyAsync(context.RequestAborted).ConfigureAwait(false), [.. health.Warnings()]).ConfigureAwait(false));
        routes.MapGet(MetricsPath, context =>
        {
            context.Response.ContentType = PrometheusText.ContentType;
            return context.Response.WriteAsync(monitoring.Prometheus(), context.RequestAborted);
        });
    }

    private static async Task WriteAsync(HttpContext context, ImmutableArray<string> troubles, ImmutableArray<string> warnings)
    {
        context.Response.StatusCode = troubles.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(context.Response.Body);
        writer.WriteStartObject();
        writer.WriteString("status", troubles.IsEmpty ? "ok" : "trouble");
        WriteTexts(writer, "reasons", troubles);
        if (!warnings.IsEmpty) WriteTexts(writer, "warnings", warnings);
        writer.WriteEndObject();
        await writer.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, ImmutableArray<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }
}
