using System.Text.Json;
using PasswordSync.SyncNode.Operations;

namespace PasswordSync.SyncNode.Admin;

/// <summary>Errors as problem details (RFC 9457). The type is <c>urn:passwordsync:problem:</c> and a word for programs.</summary>
internal static class Problem
{
    public const string ContentType = "application/problem+json";

    public static Task WriteAsync(HttpContext context, OperationResult.Refused refused) => refused.Reason switch
    {
        RefusalReason.Invalid => WriteAsync(context, StatusCodes.Status400BadRequest, "invalid", "The request does not fit the operation.", refused.Detail),
        RefusalReason.Forbidden => WriteAsync(context, StatusCodes.Status403Forbidden, "forbidden", "The role does not reach.", refused.Detail),
        RefusalReason.NotFound => WriteAsync(context, StatusCodes.Status404NotFound, "not-found", "There is no such thing.", refused.Detail),
        RefusalReason.Conflict => WriteAsync(context, StatusCodes.Status409Conflict, "conflict", "It cannot be done as things stand.", refused.Detail),
        RefusalReason.Unavailable => WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "unavailable", "It cannot be done now.", refused.Detail),
        RefusalReason.LockedOut => WriteAsync(context, StatusCodes.Status429TooManyRequests, "locked-out", "Too many refusals.", refused.Detail),
        _ => throw new InvalidOperationException($"Internal error: unknown reason {refused.Reason}."),
    };

    public static async Task WriteAsync(HttpContext context, int status, string word, string title, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = ContentType;
        await using var writer = new Utf8JsonWriter(context.Response.Body);
        writer.WriteStartObject();
        writer.WriteString("type", $"urn:passwordsync:problem:{word}");
        writer.WriteString("title", title);
        writer.WriteNumber("status", status);
        writer.WriteString("detail", detail);
        writer.WriteEndObject();
        await writer.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
