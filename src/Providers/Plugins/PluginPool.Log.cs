using Microsoft.Extensions.Logging;

namespace PasswordSync.Providers.Plugins;

internal sealed partial class PluginPool
{
    private readonly ILogger logger = context.Loggers.CreateLogger<PluginPool>();

    [LoggerMessage(EventId = 4131, Level = LogLevel.Information, Message = "Sync point {Point}: a process of the plug-in was started, process id {ProcessId}")]
    private partial void LogStarted(string point, int processId);

    [LoggerMessage(EventId = 4132, Level = LogLevel.Warning, Message = "Sync point {Point}: {Reason}")]
    private partial void LogFailed(string point, string reason);
}
