using System.Net;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;

namespace PasswordSync.Providers.Webhook;

/// <summary>What a receiver's status code (RFC 9110, 15) means for a delivery.</summary>
internal static class WebhookResponses
{
    /// <param name="answer">The answer.</param>
    /// <param name="permit">The permit of a write; null for a ping.</param>
    /// <param name="now">The time of the answer.</param>
    /// <param name="said">The body's beginning, redacted.</param>
    public static DeliveryOutcome Classify(HttpAnswer answer, WritePermit? permit, DateTimeOffset now, string said)
    {
        var status = (int)answer.Status;
        var reason = said.Length == 0 ? $"The receiver answered {status}." : $"The receiver answered {status}: {said}";
        return answer.Status switch
        {
            _ when answer.IsSuccess => new DeliveryOutcome.Delivered(Mark: null, WrittenStamp: null),
            HttpStatusCode.Conflict => new DeliveryOutcome.AlreadyThere(Mark: null, WrittenStamp: null),
            HttpStatusCode.ServiceUnavailable when answer.RetryAfter is null => new DeliveryOutcome.Transient(reason),
            HttpStatusCode.UnprocessableEntity => new DeliveryOutcome.RefusedByPolicy(reason),
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new DeliveryOutcome.AccountNotFound(reason),
            HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported => new DeliveryOutcome.TargetMisconfigured(reason),
            _ => HttpOutcomes.OfStatus(status, answer.RetryAfter, permit, now, reason),
        };
    }
}
