using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.SyncNode.Deliveries;

public sealed partial class Deliverer
{
    private static readonly Func<ILogger, CaptureId, IDisposable?> OfCapture = LoggerMessage.DefineScope<CaptureId>("change {CaptureId}");

    [LoggerMessage(4001, LogLevel.Information, "{Point}: change {CaptureId} for '{Account}': {Outcome} {Reason}")]
    private partial void LogOutcome(SyncPointId point, CaptureId captureId, string account, string outcome, string? reason);

    [LoggerMessage(4002, LogLevel.Warning, "{Point}: change {CaptureId} met an obstacle: {Outcome} {Reason}")]
    private partial void LogObstacle(SyncPointId point, CaptureId captureId, string outcome, string? reason);

    [LoggerMessage(4003, LogLevel.Debug, "{Point}: no attempt for change {CaptureId}: {Refusal}")]
    private partial void LogNotGranted(SyncPointId point, CaptureId captureId, DecisionRefusal? refusal);

    [LoggerMessage(4008, LogLevel.Debug, "{Point}: no attempt for change {CaptureId}: its identity is being handed to another node, which goes on with it")]
    private partial void LogHandedOver(SyncPointId point, CaptureId captureId);

    [LoggerMessage(4004, LogLevel.Error, "{Point}: the secret of change {CaptureId} cannot be used: {Reason}")]
    private partial void LogSecretUnusable(SyncPointId point, CaptureId captureId, string reason);

    [LoggerMessage(4005, LogLevel.Warning, "{Point}: change {CaptureId} waits: {Reason}")]
    private partial void LogNotNow(SyncPointId point, CaptureId captureId, string reason);

    [LoggerMessage(4006, LogLevel.Error, "{Point}: delivering change {CaptureId} broke with {ExceptionType}; it is tried again.\n{StackTrace}")]
    private partial void LogBroken(SyncPointId point, CaptureId captureId, Type exceptionType, string? stackTrace);
}
