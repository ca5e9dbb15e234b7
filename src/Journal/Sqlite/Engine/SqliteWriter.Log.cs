using Microsoft.Extensions.Logging;

namespace PasswordSync.Journal.Sqlite.Engine;

internal sealed partial class SqliteWriter
{
    [LoggerMessage(EventId = 2501, Level = LogLevel.Error, Message = "The database {Path} cannot be written; nothing is accepted or decided until it can")]
    private static partial void DatabaseTroubled(ILogger logger, string path, Exception trouble);

    [LoggerMessage(EventId = 2502, Level = LogLevel.Information, Message = "The database {Path} can be written again")]
    private static partial void DatabaseRecovered(ILogger logger, string path);

    [LoggerMessage(EventId = 2503, Level = LogLevel.Warning, Message = "A connection to the database {Path} could not be closed properly")]
    private static partial void ConnectionNotClosed(ILogger logger, string path, Exception trouble);
}
