using System.Globalization;
using System.Text.Json;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;

namespace PasswordSync.Providers.Passwordstate;

/// <summary>What Passwordstate's errors mean for a delivery. The table for people is in <c>docs/providers/passwordstate.md</c>.</summary>
internal static class PasswordstateResponses
{
    /// <param name="answer">An answer that is no success.</param>
    /// <param name="permit">The permit of a write; null for a request that only reads.</param>
    /// <param name="now">The time of the answer.</param>
    /// <param name="redact">Removes the password from what the server said.</param>
    public static DeliveryOutcome Classify(HttpAnswer answer, WritePermit? permit, DateTimeOffset now, Func<string, string> redact)
    {
        var phrase = ReadPhrase(answer);
        var status = (int)answer.Status;
        var reason = string.Create(CultureInfo.InvariantCulture, $"Passwordstate answered {status}: {redact(phrase)}");
        return status switch
        {
            400 when permit is not null && phrase.Contains("password", StringComparison.OrdinalIgnoreCase) => new DeliveryOutcome.RefusedByPolicy(reason),
            401 or 403 => new DeliveryOutcome.TargetMisconfigured($"{reason} Check apiKey and list, and that the list's API settings let the key read and update passwords."),
            404 when permit is not null => new DeliveryOutcome.AccountNotFound(reason),
            404 => new DeliveryOutcome.TargetMisconfigured($"{reason} Check url and list."),
            _ => HttpOutcomes.OfStatus(status, answer.RetryAfter, permit, now, reason),
        };
    }

    /// <summary>An error is <c>[{"errors":[{"message":"Forbidden"},{"phrase":"…"}]}]</c>.</summary>
    internal static string ReadPhrase(HttpAnswer answer)
    {
        using var body = answer.TryParse();
        if (body is not { RootElement: { ValueKind: JsonValueKind.Array } root }) return answer.Text;
        var texts = root.EnumerateArray()
            .Where(item => item.ValueKind == JsonValueKind.Object && item.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array)
            .SelectMany(item => item.GetProperty("errors").EnumerateArray())
            .Where(error => error.ValueKind == JsonValueKind.Object)
            .SelectMany(error => error.EnumerateObject())
            .Select(property => property.Value.ToString());
        return string.Join(": ", texts);
    }
}
