using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PasswordSync.Demo;

/// <summary>The demo's sync points: its own two, and those of a <c>points.json</c> that the caller tries out.</summary>
internal sealed class DemoPoints
{
    private static readonly JsonDocumentOptions Format = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly JsonArray tried;

    private DemoPoints(JsonArray tried)
    {
        this.tried = tried;
        Names = ["user-table", "webhook", .. tried.Select(point => point!["name"]!.GetValue<string>())];
    }

    public ImmutableArray<string> Names { get; }

    /// <summary>Whether there are points of the caller's, for which everything on this machine is allowed.</summary>
    public bool HasTried => tried.Count > 0;

    /// <param name="file">In the form of a node's <c>points.json</c>; null for none.</param>
    /// <exception cref="InvalidDataException">The file has no points with names.</exception>
    public static async Task<DemoPoints> ReadAsync(string? file, CancellationToken cancellationToken)
    {
        if (file is null) return new DemoPoints([]);
        try
        {
            var text = await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false);
            return new DemoPoints(JsonNode.Parse(text, documentOptions: Format)!["points"]!.AsArray());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new InvalidDataException($"{file} is not in the form of a points.json, an object with a list \"points\" whose members have names: {e.Message}", e);
        }
    }

    /// <summary>The node's <c>points.json</c>.</summary>
    /// <param name="database">The user table's file.</param>
    /// <param name="address">The webhook's address.</param>
    /// <param name="signingKey">The reference to its key.</param>
    public JsonObject Settings(string database, Uri address, string signingKey) => new()
    {
        ["points"] = new JsonArray(
        [
            JsonSerializer.SerializeToNode(new { name = Names[0], provider = "sql", settings = new { database, iterations = DemoUserTable.Iterations } }),
            JsonSerializer.SerializeToNode(new { name = Names[1], provider = "webhook", settings = new { url = address, signingKey } }),
            .. tried.Select(point => point!.DeepClone()),
        ]),
    };
}
