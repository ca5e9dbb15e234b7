using System.Globalization;
using Microsoft.Graph.Models.ODataErrors;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;

namespace PasswordSync.Providers.EntraId;

/// <summary>What Microsoft Graph's errors mean for a delivery. The table for people is in <c>docs/providers/entra-id.md</c>.</summary>
internal static class GraphFailures
{
    /// <param name="error">What Graph answered.</param>
    /// <param name="permit">The permit of a write; null for a request that only reads.</param>
    /// <param name="now">The time of the answer.</param>
    /// <param name="pauseByDefault">Tells the pause after a 429 that names none; asked for those only.</param>
    /// <param name="redact">Removes the password from what Graph said.</param>
    public static DeliveryOutcome Classify(ODataError error, WritePermit? permit, DateTimeOffset now, Func<TimeSpan> pauseByDefault, Func<string, string> redact)
    {
        var message = error.Error?.Message ?? "";
        var reason = string.Create(CultureInfo.InvariantCulture, $"Microsoft Graph answered {error.ResponseStatusCode} {error.Error?.Code}: {redact(message)}");
        return error.ResponseStatusCode switch
        {
            400 when message.Contains("on-premises mastered", StringComparison.OrdinalIgnoreCase) =>
                new DeliveryOutcome.TargetMisconfigured($"{reason} The user is synchronised from a directory, and the tenant lets passwords of such users be set there only: leave it to password hash sync, or take these users out of the point's scope."),
            400 when IsAboutFederation(message) =>
                new DeliveryOutcome.TargetMisconfigured($"{reason} The user's domain is federated: the password lives at its identity provider, and Entra ID keeps none."),
            400 when IsAboutPassword(error) =>
                new DeliveryOutcome.RefusedByPolicy($"{reason} Entra ID takes 8 to 256 characters of three kinds (lower case, upper case, digits, symbols) that are not on the tenant's list of banned passwords."),
            401 => new DeliveryOutcome.TargetMisconfigured($"{reason} The token was refused: check tenant, clientId, graph and the application's credential."),
            403 => new DeliveryOutcome.TargetMisconfigured(permit is null
                ? $"{reason} {GraphRights.ExplainReading}"
                : $"{reason} {GraphRights.ExplainWriting}"),
            404 => new DeliveryOutcome.AccountNotFound(reason),
            412 or 423 => new DeliveryOutcome.Transient(reason),
            429 when RetryAfterOf(error) is null => new DeliveryOutcome.Throttled(now + pauseByDefault(), reason),
            _ => HttpOutcomes.OfStatus(error.ResponseStatusCode, RetryAfterOf(error), permit, now, reason),
        };
    }

    /// <summary>Graph has no code of its own for weak or banned passwords: connectors go by the text, or by the property that a detail names.</summary>
    private static bool IsAboutPassword(ODataError error) =>
        (error.Error?.Message ?? "").Contains("password", StringComparison.OrdinalIgnoreCase)
        || error.Error?.Details?.Any(detail => detail.Target?.Contains("password", StringComparison.OrdinalIgnoreCase) == true) == true;

    private static bool IsAboutFederation(string message) => message.Contains("federated", StringComparison.OrdinalIgnoreCase);

    private static RetryAfter? RetryAfterOf(ODataError error) =>
        RetryAfter.Parse(error.ResponseHeaders.FirstOrDefault(header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault());
}
