using Microsoft.Extensions.Logging;
using PasswordSync.Core.Captures;

namespace PasswordSync.Capture.Spool;

public sealed partial class CaptureSpool
{
    [LoggerMessage(EventId = 5071, Level = LogLevel.Information, Message = "Spool recovered: {Held} captures held, {Accounts} accounts remembered, {Damaged} damaged places")]
    private static partial void LogRecovered(ILogger logger, int held, int accounts, int damaged);

    [LoggerMessage(EventId = 5072, Level = LogLevel.Warning, Message = "Spool segment {Segment} ends with {Length} bytes that are no record (from offset {Offset}): what a crash leaves of captures that were not acknowledged")]
    private static partial void LogTornTail(ILogger logger, string segment, long offset, long length);

    [LoggerMessage(EventId = 5073, Level = LogLevel.Error, Message = "Spool segment {Segment} is damaged: {Length} bytes from offset {Offset}")]
    private static partial void LogDamaged(ILogger logger, string segment, long offset, long length);

    [LoggerMessage(EventId = 5074, Level = LogLevel.Error, Message = "Spool not writable: {Reason}")]
    private static partial void LogNotWritable(ILogger logger, string reason);

    [LoggerMessage(EventId = 5075, Level = LogLevel.Error, Message = "Capture {CaptureId} can no longer be read from the spool")]
    private static partial void LogLost(ILogger logger, CaptureId captureId);

    [LoggerMessage(EventId = 5076, Level = LogLevel.Debug, Message = "Spool flushed {Records} records")]
    private static partial void LogFlushed(ILogger logger, int records);
}
