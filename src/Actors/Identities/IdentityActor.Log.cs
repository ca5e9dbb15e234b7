using Microsoft.Extensions.Logging;
using PasswordSync.Core.Identities;

namespace PasswordSync.Actors.Identities;

internal sealed partial class IdentityActor
{
    [LoggerMessage(3101, LogLevel.Debug, "Identity {Identity} could not write: {Reason}")]
    private partial void LogStorageUnavailable(IdentityId identity, string reason);

    [LoggerMessage(3102, LogLevel.Information, "Identity {Identity} stops here: shard {Shard} is not this node's.")]
    private partial void LogShardNotOwned(IdentityId identity, int shard);

    [LoggerMessage(3103, LogLevel.Warning, "The journal of identity {Identity} is ahead of the live state; it is loaded again.")]
    private partial void LogConflict(IdentityId identity);

    [LoggerMessage(3104, LogLevel.Error, "Identity {Identity} broke over a question with {ExceptionType}; whoever asked was told.\n{StackTrace}")]
    private partial void LogQuestionBroke(IdentityId identity, Type exceptionType, string? stackTrace);

    [LoggerMessage(3106, LogLevel.Debug, "Identity {Identity}: inbox row {Row} waits for our own write to the account, until {At:O} at the latest.")]
    private partial void LogWaits(IdentityId identity, long row, DateTimeOffset at);

    [LoggerMessage(3107, LogLevel.Warning, "Identity {Identity}: the stamp of inbox row {Row} is far ahead of what is known; the source is asked before it is believed.")]
    private partial void LogToBeConfirmed(IdentityId identity, long row);

    [LoggerMessage(3105, LogLevel.Error, "Who observes the events of identity {Identity} broke with {ExceptionType}.")]
    private partial void LogObserverBroke(IdentityId identity, Type exceptionType);
}
