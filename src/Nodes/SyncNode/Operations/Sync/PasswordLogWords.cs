using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>What the password log says of each kind of event.</summary>
internal static class PasswordLogWords
{
    /// <summary>The change and the sync point that it is about; null for none.</summary>
    public static (CaptureId? Capture, SyncPointId? Point) KeysOf(IdentityEvent happened) => happened switch
    {
        IdentityEvent.CaptureAccepted e => (e.Change.CaptureId, null),
        IdentityEvent.CaptureIgnored e => (e.CaptureId, null),
        IdentityEvent.CaptureReported e => (e.CaptureId, null),
        IdentityEvent.AccountScoped => (null, null),
        IdentityEvent.PointAssigned e => (null, e.Point),
        IdentityEvent.PointWithdrawn e => (null, e.Point),
        IdentityEvent.DeliveryQueued e => (e.CaptureId, e.Point),
        IdentityEvent.DeliveryEnded e => (e.CaptureId, e.Point),
        IdentityEvent.AttemptStarted e => (e.CaptureId, e.Point),
        IdentityEvent.AttemptFinished e => (e.CaptureId, e.Point),
        IdentityEvent.ObstacleMet e => (e.CaptureId, e.Point),
        _ => throw Unknown(happened),
    };

    /// <summary>The kind of event, in a word for filters and people.</summary>
    public static string WordOf(IdentityEvent happened) => happened switch
    {
        IdentityEvent.CaptureAccepted => "accepted",
        IdentityEvent.CaptureIgnored => "ignored",
        IdentityEvent.CaptureReported => "reported",
        IdentityEvent.AccountScoped => "scoped",
        IdentityEvent.PointAssigned => "assigned",
        IdentityEvent.PointWithdrawn => "withdrawn",
        IdentityEvent.DeliveryQueued => "queued",
        IdentityEvent.DeliveryEnded => "ended",
        IdentityEvent.AttemptStarted => "applying",
        IdentityEvent.AttemptFinished => "finished",
        IdentityEvent.ObstacleMet => "obstacle",
        _ => throw Unknown(happened),
    };

    /// <summary>Every word of <see cref="WordOf"/>.</summary>
    public static ImmutableArray<string> Words { get; } = ["accepted", "ignored", "reported", "scoped", "assigned", "withdrawn", "queued", "ended", "applying", "finished", "obstacle"];

    /// <summary>Whether a password did not arrive, or not yet, and somebody may want to act: an attempt without success, an obstacle, a delivery that expired, whose password is unusable or whose sync point was disabled, a capture that is never sent since its stamp was not proven.</summary>
    public static bool IsFailure(IdentityEvent happened) => happened switch
    {
        IdentityEvent.AttemptFinished e => !e.Outcome.IsSuccess,
        IdentityEvent.ObstacleMet => true,
        IdentityEvent.DeliveryEnded e => e.End is DeliveryEnd.Expired or DeliveryEnd.SecretUnusable or DeliveryEnd.Disabled,
        IdentityEvent.CaptureReported e => e.Verdict is CaptureVerdict.Unconfirmed,
        _ => false,
    };

    /// <summary>What happened, in a sentence.</summary>
    public static string MessageOf(IdentityEvent happened) => happened switch
    {
        IdentityEvent.CaptureAccepted e => $"The change with stamp {e.Change.Stamp} is the newest.",
        IdentityEvent.CaptureIgnored e => $"Not sent: {Stories.WordOf(e.Reason)}.",
        IdentityEvent.CaptureReported e => $"Not sent: {Stories.WordOf(e.Verdict)}.",
        IdentityEvent.AccountScoped e => $"The scopes give the account {(e.Scope.Points.IsEmpty ? "no sync point" : string.Join(", ", e.Scope.Points))}.",
        IdentityEvent.PointAssigned => "The sync point came into the scope.",
        IdentityEvent.PointWithdrawn => "The sync point left the scope.",
        IdentityEvent.DeliveryQueued e => $"Due at {Stories.Time(e.DueAt)}.",
        IdentityEvent.DeliveryEnded e => $"{Capital(Stories.WordOf(e.End))}. {e.Reason}".TrimEnd(),
        IdentityEvent.AttemptStarted e => $"{(e.Attempt.Kind == AttemptKind.Recheck ? "Checks again" : e.Attempt.ProbeFirst ? "Probes, then writes" : "Writes")} until {Stories.Time(e.Attempt.Deadline)} at the latest.",
        IdentityEvent.AttemptFinished e => $"{Capital(Stories.WordOf(e.Outcome))}. {e.Outcome.Explain()} {SequelOf(e.Sequel)}".Replace("  ", " ", StringComparison.Ordinal).TrimEnd(),
        IdentityEvent.ObstacleMet e => $"{Capital(Stories.WordOf(e.Outcome))}. {e.Outcome.Explain()} {SequelOf(e.Sequel)}".Replace("  ", " ", StringComparison.Ordinal).TrimEnd(),
        _ => throw Unknown(happened),
    };

    private static string SequelOf(AttemptSequel sequel) => sequel switch
    {
        AttemptSequel.RetryAt retry => $"Tried again at {Stories.Time(retry.At)}.",
        AttemptSequel.Park => "Parked.",
        AttemptSequel.RecheckAt recheck => $"Checked again at {Stories.Time(recheck.At)}.",
        AttemptSequel.NextDue => "The newer change is due.",
        AttemptSequel.Settled { End: not DeliveryEnd.Delivered } settled => $"{Capital(Stories.WordOf(settled.End))}.",
        AttemptSequel.Withdrawn => "The sync point left the scope.",
        _ => "",
    };

    /// <summary>The account that it names itself.</summary>
    public static AccountId? AccountOf(IdentityEvent happened) => happened switch
    {
        IdentityEvent.CaptureAccepted e => e.Change.Account,
        IdentityEvent.CaptureIgnored e => e.Account,
        IdentityEvent.CaptureReported e => e.Account,
        IdentityEvent.AccountScoped e => e.Scope.Account,
        _ => null,
    };

    /// <summary>The attempt that it begins or ends.</summary>
    public static Guid? AttemptOf(IdentityEvent happened) => happened switch
    {
        IdentityEvent.AttemptStarted e => e.Attempt.AttemptId,
        IdentityEvent.AttemptFinished e => e.AttemptId,
        _ => null,
    };

    /// <summary>The server that was, or may have been, written to.</summary>
    public static string? ServerOf(IdentityEvent happened) => (happened as IdentityEvent.AttemptFinished)?.Outcome.Server;

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static InvalidOperationException Unknown(IdentityEvent happened) => new($"Internal error: unknown event {happened.GetType().Name}.");
}
