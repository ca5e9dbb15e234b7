using System.Net;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Providers.Webhook;

/// <summary>What a receiver's status code (RFC 9110, 15) means for a delivery.</summary>
internal static class WebhookResponses
{
    /// <summary>The pause after a 429 without a <c>Retry-After</c>.</summary>
    public static readonly TimeSpan PauseByDefault = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause that a receiver can ask for.</summary>
    public static readonly TimeSpan PauseMax = TimeSpan.FromHours(1);

    /// <param name="response">The answer.</param>
    /// <param name="said">The body's beginning, redacted.</param>
    /// <param name="now">The time of the answer.</param>
    public static DeliveryOutcome Classify(HttpResponseMessage response, string said, DateTimeOffset now)
    {
        var status = (int)response.StatusCode;
        var reason = said.Length == 0 ? $"The receiver answered {status}." : $"The receiver answered {status}: {said}";
        return response.StatusCode switch
        {
            _ when response.IsSuccessStatusCode => new DeliveryOutcome.Delivered(Mark: null, WrittenStamp: null),
            HttpStatusCode.Conflict => new DeliveryOutcome.AlreadyThere(Mark: null, WrittenStamp: null),
            HttpStatusCode.TooManyRequests => new DeliveryOutcome.Throttled(now + (RetryAfter(response, now) ?? PauseByDefault), reason),
            HttpStatusCode.ServiceUnavailable when RetryAfter(response, now) is { } pause => new DeliveryOutcome.Throttled(now + pause, reason),
            HttpStatusCode.ServiceUnavailable or HttpStatusCode.RequestTimeout => new DeliveryOutcome.Transient(reason),
            HttpStatusCode.UnprocessableEntity => new DeliveryOutcome.RefusedByPolicy(reason),
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new DeliveryOutcome.AccountNotFound(reason),
            HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported => new DeliveryOutcome.TargetMisconfigured(reason),
            _ when status >= 500 => new DeliveryOutcome.Unknown($"{reason} It may have set the password before it failed."),
            _ when status is >= 300 and < 400 => new DeliveryOutcome.TargetMisconfigured($"{reason} Redirections are not followed, since they would carry the password elsewhere: set url to the final address."),
            _ => new DeliveryOutcome.TargetMisconfigured(reason),
        };
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now)
    {
        var asked = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - now,
            _ => (TimeSpan?)null,
        };
        if (asked is not { } pause) return null;
        return pause < TimeSpan.Zero ? TimeSpan.Zero : pause > PauseMax ? PauseMax : pause;
    }
}
