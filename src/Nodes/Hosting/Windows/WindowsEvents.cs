using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.EventLog;

namespace PasswordSync.Hosting.Windows;

/// <summary>Windows' event log, for what an administrator must know: warnings and errors of a service, under its own source in "Application".</summary>
[SupportedOSPlatform("windows")]
public static class WindowsEvents
{
    /// <summary>The event of a service that could not start, or ended by an error.</summary>
    private const int ServiceFailed = 2741;

    /// <summary>Tells why a service ends: nobody reads its console, and its own loggers may not be there yet.</summary>
    public static async Task<int> ReportFailureOfAsync(string source, Func<Task<int>> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        try
        {
            return await run().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            using var loggers = new LoggerFactory();
            AddTo(loggers, source);
#pragma warning disable CA1848, CA2254 // Once in the life of a process, and the message is somebody else's.
            loggers.CreateLogger(source).LogError(ServiceFailed, "{Message}", exception.Message);
#pragma warning restore CA1848, CA2254
            throw;
        }
    }

    /// <summary>Adds the event log to the loggers. Event ids are those of the log messages.</summary>
    /// <param name="loggers">The service's loggers.</param>
    /// <param name="source">The source's name; Windows knows it from the installation, or is told of it when the service runs as SYSTEM.</param>
    public static void AddTo(ILoggerFactory loggers, string source)
    {
        ArgumentNullException.ThrowIfNull(loggers);
        loggers.AddProvider(new EventLogLoggerProvider(new EventLogSettings { LogName = "Application", SourceName = source, Filter = (_, level) => level >= LogLevel.Warning }));
    }
}
