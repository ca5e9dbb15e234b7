using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Decisions;

/// <summary>What follows from the outcome of an attempt. Pure.</summary>
internal static class Sequels
{
    /// <summary>What follows when an attempt in flight has ended.</summary>
    public static AttemptSequel OfAttempt(
        PointState.InFlight flight, DeliveryOutcome outcome, DateTimeOffset now, double jitter, RetryPolicy policy, DecisionRules rules)
    {
        var delivered = outcome.IsSuccess || flight.Attempt.Kind == AttemptKind.Recheck;
        var end = delivered ? DeliveryEnd.Delivered : DeliveryEnd.Superseded;
        return flight switch
        {
            { AfterFlight: AfterFlight.Withdraw } => new AttemptSequel.Withdrawn(delivered ? end : DeliveryEnd.Withdrawn),
            { Next: not null } => new AttemptSequel.NextDue(end),
            { AfterFlight: AfterFlight.Supersede } => new AttemptSequel.Settled(end),
            { AfterFlight: AfterFlight.GiveUp } => new AttemptSequel.Settled(delivered ? end : DeliveryEnd.SecretUnusable),
            { Attempt.Kind: AttemptKind.Write } when outcome.IsSuccess && LateLandingIsPossible(flight.Doubt, flight.Attempt.EndedBy(now), rules) =>
                new AttemptSequel.RecheckAt(now + rules.RecheckDelay),
            _ when outcome.IsSuccess => new AttemptSequel.Settled(DeliveryEnd.Delivered),
            _ => OfFailure(flight.Delivery, flight.Attempt.Kind, outcome, now, jitter, policy),
        };
    }

    /// <summary>What follows when a delivery failed and nothing newer waits.</summary>
    public static AttemptSequel OfFailure(
        Delivery delivery, AttemptKind kind, DeliveryOutcome outcome, DateTimeOffset now, double jitter, RetryPolicy policy) => (kind, outcome) switch
        {
            // Also after a recheck: it writes only where the password was not found, so the target has an older one now.
            (_, DeliveryOutcome.RefusedByPolicy) => new AttemptSequel.Park(ParkReason.RefusedByPolicy),

            // The target has another password, which is to stay. After a recheck ours was there before.
            (var what, DeliveryOutcome.Overtaken) => new AttemptSequel.Settled(what == AttemptKind.Recheck ? DeliveryEnd.Delivered : DeliveryEnd.Superseded),

            (_, DeliveryOutcome.Throttled throttled) => new AttemptSequel.RetryAt(Later(throttled.Until, now + policy.InitialDelay), Counts: false),
            (_, DeliveryOutcome.TargetMisconfigured) => new AttemptSequel.RetryAt(now + policy.DelayMax, Counts: false),

            // Also a recheck: an older password may have landed since, so nobody may go on believing that ours is there.
            _ when policy.IsExhausted(delivery.FailedAttempts + 1) => new AttemptSequel.Park(ParkReason.AttemptsExhausted),
            _ => new AttemptSequel.RetryAt(now + policy.DelayAfter(delivery.FailedAttempts + 1, jitter), Counts: true),
        };

    // As it was when the newer write ended: what landed since is to be found.
    private static bool LateLandingIsPossible(Doubt doubt, DateTimeOffset ended, DecisionRules rules) =>
        doubt.LateRiskSince is { } since && ended - since <= rules.LateLandingHorizon;

    private static DateTimeOffset Later(DateTimeOffset left, DateTimeOffset right) => left > right ? left : right;
}
