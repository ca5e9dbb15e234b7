using Microsoft.Extensions.Logging;

namespace PasswordSync.Journal.Storing;

/// <summary>Tells how a schema is changed: a step may read every event there is, and whoever waits for the node to start is told why.</summary>
/// <param name="logger">Where it is told.</param>
/// <param name="time">Measures the steps.</param>
/// <param name="database">How people know the database.</param>
internal sealed partial class MigrationLog(ILogger logger, TimeProvider time, string database)
{
    private bool isNew;
    private long changeBegan;
    private long stepBegan;

    /// <summary>Somebody else has the schema: this node waits.</summary>
    public void Waiting() => LogWaiting(logger, database);

    /// <summary>To be called before the first step.</summary>
    /// <param name="reached">The number of the last step that was taken before; 0 for a new database.</param>
    /// <param name="wanted">The number of the last step there is.</param>
    public void Beginning(long reached, int wanted)
    {
        changeBegan = stepBegan = time.GetTimestamp();
        isNew = reached == 0;
        if (!isNew && reached < wanted) LogMigrating(logger, database, reached, wanted);
    }

    /// <summary>To be called after each step. Those that make a new database are not told one by one: they have nothing to read.</summary>
    public void Taken(Migration step)
    {
        if (isNew) return;
        var (now, began) = (time.GetTimestamp(), stepBegan);
        stepBegan = now;
        var elapsed = time.GetElapsedTime(began, now);
        LogTaken(logger, database, step.Number, step.Name, elapsed);
    }

    /// <summary>To be called when the steps are durable.</summary>
    /// <inheritdoc cref="Beginning"/>
    public void Ended(long reached, int wanted)
    {
        if (reached == wanted) return;
        var elapsed = time.GetElapsedTime(changeBegan);
        if (isNew) LogMade(logger, database, wanted, elapsed);
        else LogMigrated(logger, database, wanted, elapsed);
    }

    [LoggerMessage(EventId = 2504, Level = LogLevel.Information, Message = "The database {Database} is brought from schema {Reached} to {Wanted}; with a long history that takes minutes, and the node starts after it")]
    private static partial void LogMigrating(ILogger logger, string database, long reached, int wanted);

    [LoggerMessage(EventId = 2505, Level = LogLevel.Information, Message = "The database {Database} has schema {Wanted} after {Elapsed}")]
    private static partial void LogMigrated(ILogger logger, string database, int wanted, TimeSpan elapsed);

    [LoggerMessage(EventId = 2506, Level = LogLevel.Information, Message = "The database {Database}: step {Number} of its schema, {Name}, took {Elapsed}")]
    private static partial void LogTaken(ILogger logger, string database, int number, string name, TimeSpan elapsed);

    [LoggerMessage(EventId = 2507, Level = LogLevel.Information, Message = "Another node looks after the schema of the database {Database}, or changes it; this one waits")]
    private static partial void LogWaiting(ILogger logger, string database);

    [LoggerMessage(EventId = 2508, Level = LogLevel.Information, Message = "The database {Database} was made with schema {Wanted} within {Elapsed}")]
    private static partial void LogMade(ILogger logger, string database, int wanted, TimeSpan elapsed);
}
