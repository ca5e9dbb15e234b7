using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;

namespace PasswordSync.EdgeNode;

/// <summary>Tells the log of alarms: each when it is raised or changes, and when it is over.</summary>
internal sealed partial class AlarmLog(ILogger<AlarmLog> logger) : IAlarmSink
{
    private readonly ConcurrentDictionary<Type, string> standing = new();

    /// <summary>The names of the alarms that stand.</summary>
    public IEnumerable<string> Standing => standing.Keys.Select(alarm => alarm.Name);

    public void Raise(EdgeAlarm alarm)
    {
        if (alarm.Stands && standing.TryGetValue(alarm.GetType(), out var known) && known == alarm.Sentence) return;
        if (alarm.Stands) standing[alarm.GetType()] = alarm.Sentence;
        LogRaised(alarm.GetType().Name, alarm.Sentence);
    }

    public void Clear<TAlarm>()
        where TAlarm : EdgeAlarm
    {
        if (standing.TryRemove(typeof(TAlarm), out _)) LogCleared(typeof(TAlarm).Name);
    }

    [LoggerMessage(2711, LogLevel.Error, "Alarm {Alarm}: {Sentence}")]
    private partial void LogRaised(string alarm, string sentence);

    [LoggerMessage(2712, LogLevel.Information, "Alarm {Alarm} is over.")]
    private partial void LogCleared(string alarm);
}
