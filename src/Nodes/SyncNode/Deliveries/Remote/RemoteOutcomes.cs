using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Stamps;
using PasswordSync.Providers.Contract;

namespace PasswordSync.SyncNode.Deliveries.Remote;

/// <summary>Turns outcomes into what travels, and back.</summary>
internal static class RemoteOutcomes
{
    public static RemoteOutcome Write(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Delivered delivered => new(RemoteOutcomeKind.Delivered, null, delivered.Mark?.Value, Write(delivered.WrittenStamp), null),
        DeliveryOutcome.AlreadyThere there => new(RemoteOutcomeKind.AlreadyThere, null, there.Mark?.Value, Write(there.WrittenStamp), null),
        DeliveryOutcome.Transient transient => Reason(RemoteOutcomeKind.Transient, transient.Reason),
        DeliveryOutcome.Throttled throttled => new(RemoteOutcomeKind.Throttled, throttled.Reason, null, null, throttled.Until),
        DeliveryOutcome.RefusedByPolicy refused => Reason(RemoteOutcomeKind.RefusedByPolicy, refused.Reason),
        DeliveryOutcome.TargetMisconfigured wrong => Reason(RemoteOutcomeKind.TargetMisconfigured, wrong.Reason),
        DeliveryOutcome.AccountNotFound missing => Reason(RemoteOutcomeKind.AccountNotFound, missing.Reason),
        DeliveryOutcome.Unknown unknown => Reason(RemoteOutcomeKind.Unknown, unknown.Reason),
        _ => throw new InvalidOperationException($"Internal error: unknown outcome {outcome.GetType().Name}."),
    };

    public static DeliveryOutcome Read(RemoteOutcome outcome) => outcome.Kind switch
    {
        RemoteOutcomeKind.Delivered => new DeliveryOutcome.Delivered(MarkOf(outcome.Mark), Read(outcome.Stamp)),
        RemoteOutcomeKind.AlreadyThere => new DeliveryOutcome.AlreadyThere(MarkOf(outcome.Mark), Read(outcome.Stamp)),
        RemoteOutcomeKind.Transient => new DeliveryOutcome.Transient(outcome.Reason ?? ""),
        RemoteOutcomeKind.Throttled => new DeliveryOutcome.Throttled(outcome.Until ?? DateTimeOffset.MinValue, outcome.Reason ?? ""),
        RemoteOutcomeKind.RefusedByPolicy => new DeliveryOutcome.RefusedByPolicy(outcome.Reason ?? ""),
        RemoteOutcomeKind.TargetMisconfigured => new DeliveryOutcome.TargetMisconfigured(outcome.Reason ?? ""),
        RemoteOutcomeKind.AccountNotFound => new DeliveryOutcome.AccountNotFound(outcome.Reason ?? ""),
        _ => new DeliveryOutcome.Unknown(outcome.Reason ?? ""),
    };

    public static RemoteProbe Write(ProbeVerdict verdict) => verdict switch
    {
        ProbeVerdict.Present present => new(true, present.Mark?.Value, Write(present.WrittenStamp), null),
        ProbeVerdict.Absent => new(false, null, null, null),
        ProbeVerdict.Inconclusive inconclusive => new(null, null, null, inconclusive.Reason),
        _ => throw new InvalidOperationException($"Internal error: unknown verdict {verdict.GetType().Name}."),
    };

    public static ProbeVerdict Read(RemoteProbe probe) => probe.IsPresent switch
    {
        true => new ProbeVerdict.Present(MarkOf(probe.Mark), Read(probe.Stamp)),
        false => new ProbeVerdict.Absent(),
        null => new ProbeVerdict.Inconclusive(probe.Reason ?? ""),
    };

    public static TargetMark? MarkOf(string? mark) => mark is null ? null : new TargetMark(mark);

    public static RemoteStamp? Write(Stamp? stamp) => stamp is { } some ? new(some.Generation, some.Version, some.OriginatingSecond, some.InvocationId) : null;

    public static Stamp? Read(RemoteStamp? stamp) => stamp is null ? null : new Stamp(stamp.Generation, stamp.Version, stamp.OriginatingSecond, stamp.InvocationId);

    private static RemoteOutcome Reason(RemoteOutcomeKind kind, string reason) => new(kind, reason, null, null, null);
}
