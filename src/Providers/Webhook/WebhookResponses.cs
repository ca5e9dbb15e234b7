using System.Net;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Http;

namespace PasswordSync.Providers.Webhook;

/// <summary>What a receiver's status code (RFC 9110, 15) means for a delivery.</summary>
internal static class WebhookResponses
{
    /// <param name="answer">The answer.</param>
    /// <param name="said">The body's beginning, redacted.</param>
    /// <param name="now">The time of the answer.</param>
    public static DeliveryOutcome Classify(HttpAnswer answer, string said, DateTimeOffset now)
    {
        var status = (int)answer.Status;
        var reason = said.Length == 0 ? $"The receiver answered {status}." : $"The receiver answered {status}: {said}";
        return answer.Status switch
        {
            _ when answer.IsSuccess => new DeliveryOutcome.Delivered(Mark: null, WrittenStamp: null),
            HttpStatusCode.Conflict => new DeliveryOutcome.AlreadyThere(Mark: null, WrittenStamp: null),
            HttpStatusCode.TooManyRequests => new DeliveryOutcome.Throttled(answer.RetryAfter?.Until(now) ?? now + RetryAfter.ByDefault, reason),
            HttpStatusCode.ServiceUnavailable when answer.RetryAfter is { } pause => new DeliveryOutcome.Throttled(pause.Until(now), reason),
            HttpStatusCode.ServiceUnavailable or HttpStatusCode.RequestTimeout => new DeliveryOutcome.Transient(reason),
            HttpStatusCode.UnprocessableEntity => new DeliveryOutcome.RefusedByPolicy(reason),
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new DeliveryOutcome.AccountNotFound(reason),
            HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported => new DeliveryOutcome.TargetMisconfigured(reason),
            _ when status >= 500 => new DeliveryOutcome.Unknown($"{reason} It may have set the password before it failed."),
            _ when status is >= 300 and < 400 => new DeliveryOutcome.TargetMisconfigured($"{reason} Redirections are not followed, since they would carry the password elsewhere: set url to the final address."),
            _ => new DeliveryOutcome.TargetMisconfigured(reason),
        };
    }
}
