using System.Globalization;
using System.Text.Json;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;

namespace PasswordSync.Providers.Scim;

/// <summary>What a server's errors (RFC 7644, 3.12) mean for a delivery. The table for people is in <c>docs/providers/scim.md</c>.</summary>
internal static class ScimResponses
{
    /// <param name="answer">An answer that is no success.</param>
    /// <param name="permit">The permit of a write; null for a request that only reads.</param>
    /// <param name="now">The time of the answer.</param>
    /// <param name="redact">Removes the password from what the server said.</param>
    public static DeliveryOutcome Classify(HttpAnswer answer, WritePermit? permit, DateTimeOffset now, Func<string, string> redact)
    {
        var (type, detail) = ReadError(answer);
        var status = (int)answer.Status;
        var reason = string.Create(CultureInfo.InvariantCulture, $"The server answered {status}{(type is null ? "" : $" {redact(type)}")}: {redact(detail)}").TrimEnd(' ', ':') + ".";
        return status switch
        {
            400 when type == "invalidValue" || (type is null && detail.Contains("password", StringComparison.OrdinalIgnoreCase)) => permit is null
                ? new DeliveryOutcome.TargetMisconfigured(reason)
                : new DeliveryOutcome.RefusedByPolicy(reason),
            400 when type == "mutability" => new DeliveryOutcome.TargetMisconfigured($"{reason} The server lets nobody write this attribute: it may keep no passwords (single sign-on)."),
            400 when type == "invalidFilter" => new DeliveryOutcome.TargetMisconfigured($"{reason} The server cannot search by these attributes: change match."),
            401 => new DeliveryOutcome.TargetMisconfigured($"{reason} Check token, or tokenUrl, clientId and clientSecret."),
            403 => new DeliveryOutcome.TargetMisconfigured($"{reason} The token does not allow this: grant it the right to read and change users."),
            404 when permit is not null => new DeliveryOutcome.AccountNotFound(reason),
            404 => new DeliveryOutcome.TargetMisconfigured($"{reason} Check url: /Users must be right below it."),
            405 or 501 when permit is not null => new DeliveryOutcome.TargetMisconfigured($"{reason} The server does not take this kind of request: set method to put."),
            412 => new DeliveryOutcome.Transient(reason),
            _ => HttpOutcomes.OfStatus(status, answer.RetryAfter, permit, now, reason),
        };
    }

    private static (string? Type, string Detail) ReadError(HttpAnswer answer)
    {
        using var body = answer.TryParse();
        if (body is not { RootElement: { ValueKind: JsonValueKind.Object } root }) return (null, answer.Text);
        string? Text(string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return (Text("scimType"), Text("detail") ?? "");
    }
}
