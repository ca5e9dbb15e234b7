using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Http;

/// <summary>What a status (RFC 9110, 15) means for a delivery where servers agree; what is special to one is for its own provider to say first.</summary>
internal static class HttpOutcomes
{
    /// <param name="status">Of an answer that is no success.</param>
    /// <param name="pause">The pause that the answer asks for; null if it asks for none.</param>
    /// <param name="permit">The permit of a write; null for a request that only reads.</param>
    /// <param name="now">The time of the answer.</param>
    /// <param name="reason">What the server said, redacted.</param>
    public static DeliveryOutcome OfStatus(int status, RetryAfter? pause, WritePermit? permit, DateTimeOffset now, string reason) => status switch
    {
        >= 300 and < 400 => new DeliveryOutcome.TargetMisconfigured($"{reason} Redirections are not followed, since they would carry the password elsewhere: set url to the final address."),
        408 or 409 => new DeliveryOutcome.Transient(reason),
        429 => new DeliveryOutcome.Throttled(pause?.Until(now) ?? now + RetryAfter.ByDefault, reason),
        503 when pause is not null => new DeliveryOutcome.Throttled(pause.Until(now), reason),
        >= 500 when permit is { IsUsed: true } => new DeliveryOutcome.Unknown($"{reason} The password may have been set."),
        >= 500 => new DeliveryOutcome.Transient(reason),
        _ => new DeliveryOutcome.TargetMisconfigured(reason),
    };
}
