using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.SyncNode.Cluster.Requests;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>What the states and outcomes of a delivery mean, in the words of people: the one place for them.</summary>
internal static class Stories
{
    /// <summary>The state in one word.</summary>
    public static string WordOf(PointState state) => state switch
    {
        PointState.Idle { Last: null } => "nothing sent yet",
        PointState.Idle { Last.End: var end } => WordOf(end),
        PointState.Waiting { LastFailure: not null } => "failed, waits",
        PointState.Waiting => "waits",
        PointState.InFlight => "in flight",
        PointState.Parked => "parked",
        PointState.Rechecking => "delivered, to be checked again",
        _ => throw new InvalidOperationException($"Internal error: unknown point state {state.GetType().Name}."),
    };

    public static string WordOf(DeliveryEnd end) => end switch
    {
        DeliveryEnd.Delivered => "delivered",
        DeliveryEnd.Superseded => "superseded",
        DeliveryEnd.Expired => "expired",
        DeliveryEnd.Discarded => "discarded",
        DeliveryEnd.Withdrawn => "withdrawn",
        DeliveryEnd.SecretUnusable => "secret unusable",
        DeliveryEnd.Disabled => "missed: the point was disabled",
        _ => throw new InvalidOperationException($"Internal error: unknown end {end}."),
    };

    public static string WordOf(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Delivered => "delivered",
        DeliveryOutcome.AlreadyThere => "already there",
        DeliveryOutcome.Transient => "not now",
        DeliveryOutcome.Throttled => "throttled",
        DeliveryOutcome.RefusedByPolicy => "refused by policy",
        DeliveryOutcome.TargetMisconfigured => "misconfigured",
        DeliveryOutcome.AccountNotFound => "no account",
        DeliveryOutcome.Overtaken => "overtaken",
        DeliveryOutcome.Unknown => "unknown",
        _ => throw new InvalidOperationException($"Internal error: unknown outcome {outcome.GetType().Name}."),
    };

    public static string WordOf(IgnoreReason reason) => reason switch
    {
        IgnoreReason.Duplicate => "the same capture was decided before",
        IgnoreReason.SameStamp => "another capture of the same change was decided before",
        IgnoreReason.Older => "a newer change is known",
        IgnoreReason.OlderThanOtherSource => "another source of the person has a later change",
        IgnoreReason.Echo => "the change was this product's own write",
        IgnoreReason.OutOfScope => "no scope gives the account a sync point",
        IgnoreReason.TooOld => "it was older than the maximum age",
        _ => throw new InvalidOperationException($"Internal error: unknown reason {reason}."),
    };

    public static string WordOf(CaptureVerdict verdict) => verdict switch
    {
        CaptureVerdict.SupersededAtEdge => "a later change was captured before this one was confirmed",
        CaptureVerdict.RefusedBySource => "the domain did not commit the change",
        CaptureVerdict.Overtaken => "another domain controller's newer change arrived first",
        CaptureVerdict.Unconfirmed => "it could not be proven which password the domain has; have it changed again",
        _ => throw new InvalidOperationException($"Internal error: unknown verdict {verdict}."),
    };

    /// <summary>Why it stands so; null if there is nothing to say.</summary>
    public static string? ReasonOf(PointState state) => state switch
    {
        PointState.Idle idle => idle.Last?.Reason,
        PointState.Waiting waiting => waiting.LastFailure,
        PointState.InFlight flight => $"An attempt runs until {Time(flight.Attempt.Deadline)} at the latest{(flight.Next is null ? "" : "; a newer change waits behind it")}.",
        PointState.Parked parked => parked.Reason == ParkReason.AttemptsExhausted ? $"The limit of attempts is reached. {parked.Explanation}" : parked.Explanation,
        PointState.Rechecking => "An older attempt with unknown outcome may still land.",
        _ => throw new InvalidOperationException($"Internal error: unknown point state {state.GetType().Name}."),
    };

    /// <summary>What happens next by itself, and when.</summary>
    public static string NextOf(PointState state, PointSettingsView point) => state switch
    {
        PointState.Waiting or PointState.Parked or PointState.Rechecking when point.Switch is { } off => $"Nothing: {off.By} {(off.IsDisabled ? "disabled" : "paused")} the sync point at {Time(off.Since)}{(off.Reason is { } reason ? $" ({reason})" : "")}. It expires at {Time(state.Needed.Single().ExpiresAt)}.",
        PointState.Idle when point.Switch is { IsDisabled: true } off => $"Nothing: {off.By} disabled the sync point at {Time(off.Since)}{(off.Reason is { } reason ? $" ({reason})" : "")}, and changes that come meanwhile are not sent there.",
        PointState.Idle when point.IsCaptureUndecided => "A capture is not decided yet: see below.",
        PointState.Idle => "Nothing, until the password is changed again.",
        PointState.Waiting waiting when point.Rest is { } rest && rest.Until > waiting.DueAt => $"Attempt {waiting.Delivery.FailedAttempts + 1} waits at the sync point, which begins nothing {(point.Owner is { } node ? $"at {node}" : "here")} before {Time(rest.Until)}.{(rest.Why is { } why ? $" {why}" : "")} It expires at {Time(waiting.Delivery.Change.ExpiresAt)}.",
        PointState.Waiting waiting => $"Attempt {waiting.Delivery.FailedAttempts + 1} is due at {Time(waiting.DueAt)}; it expires at {Time(waiting.Delivery.Change.ExpiresAt)}.{(point.NoAnswerBecause is { } silent ? $" Whether the sync point rests at {point.Owner}, which has the person, is not known: {silent}" : "")}",
        PointState.InFlight => "The outcome of the attempt is journalled; what follows depends on it.",
        PointState.Parked parked => $"Nothing, until the password is changed again, somebody retries, or it expires at {Time(parked.Delivery.Change.ExpiresAt)}.",
        PointState.Rechecking rechecking => $"The target is looked at once more at {Time(rechecking.DueAt)}.",
        _ => throw new InvalidOperationException($"Internal error: unknown point state {state.GetType().Name}."),
    };

    /// <summary>What an operator can do; null if nothing is needed.</summary>
    public static string? ActionOf(PointState state, DeliveryOutcome? last, string user, PointSettingsView point) => state switch
    {
        PointState.Waiting or PointState.Parked when point.Switch is { } off => $"pbm sync point {(off.IsDisabled ? "enable" : "resume")} {point.Name}",
        { IsMissed: true } when point.Switch is { IsDisabled: true } => $"pbm sync point enable {point.Name}, then have the password changed again",
        { IsMissed: true } when point.IsNewestHeld => $"pbm sync retry {user} -p {point.Name}",
        { IsMissed: true } or PointState.Idle { Last.End: DeliveryEnd.Discarded } => "Have the password changed again: the sealed one is gone.",
        PointState.Idle or PointState.InFlight or PointState.Rechecking => null,
        PointState.Waiting { LastFailure: null } => null,
        _ => last switch
        {
            DeliveryOutcome.RefusedByPolicy => $"Align the target's password rules with the domain's, then: pbm sync retry {user} -p {point.Name}; or have another password set; or give it up: pbm sync discard {user} -p {point.Name}",
            DeliveryOutcome.TargetMisconfigured => $"pbm sync point verify {point.Name} says what is wrong; repair it, then: pbm sync retry {user} -p {point.Name}",
            DeliveryOutcome.AccountNotFound => $"Make the account in the target, or correct the matching, then: pbm sync retry {user} -p {point.Name}",
            DeliveryOutcome.Throttled => "Wait: the target asked for a pause.",
            _ => $"See that the target can be reached (pbm sync point verify {point.Name}), then: pbm sync retry {user} -p {point.Name}",
        },
    };

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>What is said about a sync point beside the state of a delivery there.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Switch">How an operator switched it; null if it runs.</param>
/// <param name="IsNewestHeld">Whether the person's newest password is still held, sealed, and may be sent.</param>
internal sealed record PointSettingsView(string Name, Core.Ports.PointSwitch? Switch, bool IsNewestHeld)
{
    /// <summary>Whether a capture of the person is not decided yet.</summary>
    public bool IsCaptureUndecided { get; init; }

    /// <summary>The rest of the sync point at the node that has the person; null if there is none, or the node could not be asked.</summary>
    public RestingPoint? Rest { get; init; }

    /// <summary>The node that has the person; null if it is the one that was asked.</summary>
    public string? Owner { get; init; }

    /// <summary>Why the node that has the person did not tell what rests there; null if it did.</summary>
    public string? NoAnswerBecause { get; init; }

    public static PointSettingsView Of(SyncPointId point, IdentityState state, OperationServices services) => new(
        point.Value,
        services.Switchboard.Current.GetValueOrDefault(point),
        state.Deliverable is { } newest && newest.ExpiresAt > services.Now && state.NeedsSecret(newest.CaptureId));
}
