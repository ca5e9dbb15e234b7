using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;

namespace PasswordSync.SyncNode;

/// <summary>Tells the log what was decided, after it is durable: for each capture why it is sent or not, and for each delivery how it stands and why.</summary>
internal sealed partial class DecisionLog(ILogger<DecisionLog> logger)
{
    public void Write(IdentityId identity, IdentityEvent happened)
    {
        switch (happened)
        {
            case IdentityEvent.CaptureAccepted e:
                LogAccepted(e.Change.CaptureId, e.Change.Account, e.Change.Names.SamAccountName, identity, $"{e.Change.Stamp}");
                break;
            case IdentityEvent.CaptureIgnored e:
                LogIgnored(e.CaptureId, e.Account, identity, $"{e.Stamp}", e.Reason);
                break;
            case IdentityEvent.CaptureReported e:
                LogReported(e.CaptureId, e.Account, identity, e.Verdict);
                break;
            case IdentityEvent.DeliveryEnded { End: DeliveryEnd.Expired or DeliveryEnd.SecretUnusable } e:
                LogLost(e.Point, e.CaptureId, e.End, e.Reason);
                break;
            case IdentityEvent.DeliveryEnded e:
                LogEnded(e.Point, e.CaptureId, e.End, e.Reason);
                break;
            case IdentityEvent.AttemptFinished { Sequel: AttemptSequel.Park park } e:
                LogParked(e.Point, e.CaptureId, park.Reason, e.Outcome.Explain());
                break;
            case IdentityEvent.ObstacleMet { Sequel: AttemptSequel.Park park } e:
                LogParked(e.Point, e.CaptureId, park.Reason, e.Outcome.Explain());
                break;
            case IdentityEvent.AttemptFinished { Sequel: AttemptSequel.RetryAt retry } e:
                LogRetry(e.Point, e.CaptureId, retry.At, e.Outcome.Explain());
                break;
            case IdentityEvent.ObstacleMet { Sequel: AttemptSequel.RetryAt retry } e:
                LogRetry(e.Point, e.CaptureId, retry.At, e.Outcome.Explain());
                break;
            case IdentityEvent.AttemptFinished e:
                LogFinished(e.Point, e.CaptureId, e.Outcome.GetType().Name, e.Sequel.GetType().Name);
                break;
        }
    }

    [LoggerMessage(4601, LogLevel.Information, "Change {CaptureId} of {Account} ({Name}), identity {Identity}, stamp {Stamp}, is the newest.")]
    private partial void LogAccepted(CaptureId captureId, AccountId account, string name, IdentityId identity, string stamp);

    [LoggerMessage(4602, LogLevel.Information, "Capture {CaptureId} of {Account}, identity {Identity}, stamp {Stamp}, is not sent: {Reason}.")]
    private partial void LogIgnored(CaptureId captureId, AccountId account, IdentityId identity, string stamp, IgnoreReason reason);

    [LoggerMessage(4603, LogLevel.Information, "Capture {CaptureId} of {Account}, identity {Identity}, is not sent, says the edge: {Verdict}.")]
    private partial void LogReported(CaptureId captureId, AccountId account, IdentityId identity, CaptureVerdict verdict);

    [LoggerMessage(4604, LogLevel.Error, "{Point}: change {CaptureId} cannot be delivered any more: {End}. {Reason}")]
    private partial void LogLost(SyncPointId point, CaptureId captureId, DeliveryEnd end, string? reason);

    [LoggerMessage(4605, LogLevel.Information, "{Point}: change {CaptureId} ended: {End}. {Reason}")]
    private partial void LogEnded(SyncPointId point, CaptureId captureId, DeliveryEnd end, string? reason);

    [LoggerMessage(4606, LogLevel.Error, "{Point}: change {CaptureId} is parked: {ParkReason}. {Reason}")]
    private partial void LogParked(SyncPointId point, CaptureId captureId, ParkReason parkReason, string? reason);

    [LoggerMessage(4607, LogLevel.Warning, "{Point}: change {CaptureId} is tried again at {At:O}: {Reason}")]
    private partial void LogRetry(SyncPointId point, CaptureId captureId, DateTimeOffset at, string? reason);

    [LoggerMessage(4608, LogLevel.Debug, "{Point}: change {CaptureId}: {Outcome}, then {Sequel}.")]
    private partial void LogFinished(SyncPointId point, CaptureId captureId, string outcome, string sequel);
}
