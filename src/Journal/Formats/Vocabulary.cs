using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Journal.Formats;

/// <summary>The stored words of every enumeration in the format.</summary>
internal static class Vocabulary
{
    public static Words<IgnoreReason> IgnoreReasons { get; } = new(
        (IgnoreReason.Duplicate, "duplicate"),
        (IgnoreReason.SameStamp, "same-stamp"),
        (IgnoreReason.Older, "older"),
        (IgnoreReason.OlderThanOtherSource, "older-than-other-source"),
        (IgnoreReason.Echo, "echo"),
        (IgnoreReason.OutOfScope, "out-of-scope"),
        (IgnoreReason.TooOld, "too-old"));

    public static Words<CaptureVerdict> CaptureVerdicts { get; } = new(
        (CaptureVerdict.SupersededAtEdge, "superseded-at-edge"),
        (CaptureVerdict.RefusedBySource, "refused-by-source"),
        (CaptureVerdict.Overtaken, "overtaken"),
        (CaptureVerdict.Unconfirmed, "unconfirmed"));

    public static Words<DeliveryEnd> DeliveryEnds { get; } = new(
        (DeliveryEnd.Delivered, "delivered"),
        (DeliveryEnd.Superseded, "superseded"),
        (DeliveryEnd.Expired, "expired"),
        (DeliveryEnd.Discarded, "discarded"),
        (DeliveryEnd.Withdrawn, "withdrawn"),
        (DeliveryEnd.SecretUnusable, "secret-unusable"),
        (DeliveryEnd.Disabled, "disabled"));

    public static Words<ParkReason> ParkReasons { get; } = new(
        (ParkReason.RefusedByPolicy, "refused-by-policy"),
        (ParkReason.AttemptsExhausted, "attempts-exhausted"));

    public static Words<AttemptKind> AttemptKinds { get; } = new(
        (AttemptKind.Write, "write"),
        (AttemptKind.Recheck, "recheck"));

    public static Words<AfterFlight> AfterFlights { get; } = new(
        (AfterFlight.Continue, "continue"),
        (AfterFlight.Supersede, "supersede"),
        (AfterFlight.GiveUp, "give-up"),
        (AfterFlight.Withdraw, "withdraw"));
}
