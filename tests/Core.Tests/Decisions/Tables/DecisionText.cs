using System.Globalization;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;

namespace PasswordSync.Core.Tests.Decisions.Tables;

/// <summary>Decisions as the tables write them.</summary>
internal static class DecisionText
{
    /// <summary>The number that <see cref="Some.Capture"/> made the id of.</summary>
    public static string Number(CaptureId captureId) => BitConverter.ToInt32(captureId.Value.ToByteArray()).ToString(CultureInfo.InvariantCulture);

    public static string Of(Decision decision) => decision switch
    {
        { Refusal: { } refusal } => $"!{refusal}",
        { AskAgainAt: not null } => "ask again",
        { IsToBeConfirmed: true } => "confirm first",
        { Events.IsEmpty: true } => "-",
        _ => string.Join(", ", decision.Events.Select(Of)),
    };

    public static string Of(AttemptSequel sequel) => sequel switch
    {
        AttemptSequel.Settled s => $"Settled {s.End}",
        AttemptSequel.RetryAt { Counts: true } => "RetryAt, counts",
        AttemptSequel.RetryAt => "RetryAt",
        AttemptSequel.Park s => $"Park {s.Reason}",
        AttemptSequel.RecheckAt => "RecheckAt",
        AttemptSequel.NextDue s => $"NextDue {s.End}",
        AttemptSequel.Withdrawn s => $"Withdrawn {s.End}",
        _ => throw new InvalidOperationException($"The tables do not know the sequel {sequel.GetType().Name}."),
    };

    private static string Of(IdentityEvent happened) => happened switch
    {
        IdentityEvent.CaptureAccepted e => $"accepted {Number(e.Change.CaptureId)}{string.Concat(e.Queued.Select(point => $" queued{At(point)}"))}",
        IdentityEvent.CaptureIgnored e => $"ignored {e.Reason}",
        IdentityEvent.CaptureReported e => $"reported {e.Verdict}",
        IdentityEvent.AccountScoped e => $"scoped {(e.Scope.Points.IsEmpty ? "nowhere" : string.Join(' ', e.Scope.Points))}{string.Concat(e.Joined.Select(point => $" joined{At(point)}"))}",
        IdentityEvent.PointAssigned e => $"assigned{At(e.Point)}",
        IdentityEvent.PointWithdrawn e => $"withdrawn{At(e.Point)}",
        IdentityEvent.DeliveryQueued e => $"queued {Number(e.CaptureId)}{At(e.Point)}",
        IdentityEvent.DeliveryEnded e => $"ended {Number(e.CaptureId)} {e.End}{At(e.Point)}",
        IdentityEvent.AttemptStarted e => $"started {e.Attempt.Kind}{(e.Attempt.ProbeFirst ? ", probe first" : "")}",
        IdentityEvent.AttemptFinished e => Of(e.Sequel),
        IdentityEvent.ObstacleMet e => Of(e.Sequel),
        _ => throw new InvalidOperationException($"The tables do not know the event {happened.GetType().Name}."),
    };

    private static string At(Core.Deliveries.SyncPointId point) => point == Some.Point ? "" : $" at {point}";
}
