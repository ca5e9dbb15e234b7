using Microsoft.Extensions.Logging;

namespace PasswordSync.Providers.Execution;

public sealed partial class AttemptExecutor
{
    [LoggerMessage(EventId = 4064, Level = LogLevel.Error, Message = "Provider {Kind} failed with {ExceptionType} in attempt {AttemptId}, write begun: {WriteBegun}. {Trace}")]
    private partial void LogProviderFault(string kind, string? exceptionType, Guid attemptId, bool writeBegun, string? trace);

    [LoggerMessage(EventId = 4065, Level = LogLevel.Error, Message = "Provider {Kind} failed with {ExceptionType} in a probe; the password is written again. {Trace}")]
    private partial void LogProbeFault(string kind, string? exceptionType, string? trace);
}
