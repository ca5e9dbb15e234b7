using Microsoft.Extensions.Logging;

namespace PasswordSync.Actors.Runtime;

/// <summary>What the runtime logs: paths, kinds and the types of exceptions and messages, where it was thrown. Texts of
/// exceptions may quote a message, so they stay out.</summary>
public sealed partial class ActorSystem
{
    internal void LogFailed(ActorCell cell, Exception failure, Directive directive) => LogFailed(cell.Path, failure.GetType(), directive, failure.StackTrace);

    internal void LogRestartLimit(ActorCell cell, SupervisorStrategy strategy) => LogRestartLimit(cell.Path, strategy.RestartLimit, strategy.Window);

    internal void LogStopFailed(ActorCell cell, Exception failure) => LogStopFailed(cell.Path, failure.GetType());

    [LoggerMessage(3601, LogLevel.Warning, "Actor {Path} failed with {ExceptionType}: {Directive}\n{StackTrace}")]
    private partial void LogFailed(string path, Type exceptionType, Directive directive, string? stackTrace);

    [LoggerMessage(3602, LogLevel.Error, "Actor {Path} is stopped: more than {RestartLimit} restarts within {Window}")]
    private partial void LogRestartLimit(string path, int restartLimit, TimeSpan window);

    [LoggerMessage(3603, LogLevel.Warning, "Actor {Path} failed with {ExceptionType} while it stopped; it stops all the same")]
    private partial void LogStopFailed(string path, Type exceptionType);

    [LoggerMessage(3604, LogLevel.Error, "Actor {Path} failed with {ExceptionType} at each of {Failures} attempts to handle one {MessageType}; the message is parked as poisoned")]
    private partial void LogPoisoned(string path, Type messageType, int failures, Type exceptionType);

    [LoggerMessage(3605, LogLevel.Error, "The sink for poisoned messages failed with {ExceptionType} for one of {Path}; the message is a dead letter only")]
    private partial void LogParkFailed(string path, Type exceptionType);

    [LoggerMessage(3606, LogLevel.Debug, "Dead letter of {Path}: {MessageType}, {Reason}")]
    private partial void LogDeadLetter(string path, Type messageType, DeadLetterReason reason);

    [LoggerMessage(3607, LogLevel.Error, "A failure of {Path} with {ExceptionType} was escalated past the root; the actor system shuts down")]
    private partial void LogEscalated(string path, Type exceptionType);

    [LoggerMessage(3608, LogLevel.Warning, "{Count} actors have not stopped within {ShutdownTimeout}; their handlers are cancelled")]
    private partial void LogForcing(int count, TimeSpan shutdownTimeout);

    [LoggerMessage(3609, LogLevel.Error, "Actor {Path} did not stop ({State}) and is left behind")]
    private partial void LogLeftBehind(string path, ActorState state);
}
