using System.Globalization;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Json;

namespace PasswordSync.Hosting.Logging;

/// <summary>Where a node's log goes: the console for people, and rolling files of JSON lines for machines.</summary>
public static class NodeLogging
{
    /// <summary>How many files are kept.</summary>
    public const int FilesMax = 31;

    /// <summary>The size at which a new file begins, in bytes.</summary>
    public const long FileBytesMax = 64 << 20;

    // A process has one log.
    private static readonly LoggingLevelSwitch LevelSwitch = new();

    /// <summary>Changes the least level that the process logs, from now on.</summary>
    public static void SetLevel(LogLevel level) => LevelSwitch.MinimumLevel = level switch
    {
        LogLevel.Trace => LogEventLevel.Verbose,
        LogLevel.Debug => LogEventLevel.Debug,
        LogLevel.Information => LogEventLevel.Information,
        LogLevel.Warning => LogEventLevel.Warning,
        _ => LogEventLevel.Error,
    };

    /// <summary>Makes the loggers. The caller disposes the factory, which flushes them.</summary>
    /// <param name="settings">What to log and where.</param>
    public static ILoggerFactory Create(LogSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        LevelSwitch.MinimumLevel = settings.Level;
        var configuration = new LoggerConfiguration()
            .MinimumLevel.ControlledBy(LevelSwitch)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .Enrich.FromLogContext()
            .WriteTo.Console(
                outputTemplate: "{Timestamp:yyyy-MM-dd HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}", formatProvider: CultureInfo.InvariantCulture, standardErrorFromLevel: LogEventLevel.Verbose);
        if (settings.Folder is { } folder)
        {
            configuration = configuration.WriteTo.File(
                new JsonFormatter(renderMessage: true),
                Path.Combine(folder, "log-.jsonl"),
                rollingInterval: RollingInterval.Day,
                rollOnFileSizeLimit: true,
                fileSizeLimitBytes: FileBytesMax,
                retainedFileCountLimit: FilesMax);
        }

        var factory = new LoggerFactory();
        factory.AddProvider(new SerilogLoggerProvider(configuration.CreateLogger(), dispose: true));
        return factory;
    }
}

/// <summary>What to log and where.</summary>
/// <param name="Level">The least level: verbose, debug, information, warning, error. Default information.</param>
/// <param name="Folder">Where JSON log files go; null for none.</param>
public sealed record LogSettings(LogEventLevel Level = LogEventLevel.Information, string? Folder = null);
