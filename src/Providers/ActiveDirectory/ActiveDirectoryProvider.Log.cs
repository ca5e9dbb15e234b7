using Microsoft.Extensions.Logging;

namespace PasswordSync.Providers.ActiveDirectory;

public sealed partial class ActiveDirectoryProvider
{
    [LoggerMessage(EventId = 4141, Level = LogLevel.Warning, Message = "The password of {Account} was set, but the stamp of that write cannot be told: the version was {Before} and is {After}. The capture that follows may be taken for a change.")]
    private partial void LogStampUnclear(string account, string? before, string? after);

    [LoggerMessage(EventId = 4142, Level = LogLevel.Warning, Message = "The password of {Account} was set, but its version could not be read before the attempt ended.")]
    private partial void LogNotDescribed(string account);

    [LoggerMessage(EventId = 4143, Level = LogLevel.Warning, Message = "The domain controller {Server} did not say who it is. {Reason}")]
    private partial void LogFactsUnreadable(string server, string reason);
}
