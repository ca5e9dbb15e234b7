using System.Collections.Concurrent;
using PasswordSync.Capture.Health;

namespace PasswordSync.Capture.Tests.Support;

/// <summary>Keeps all alarms.</summary>
public sealed class RecordedAlarms : IAlarmSink
{
    private readonly ConcurrentDictionary<Type, EdgeAlarm> standing = [];

    public ConcurrentQueue<EdgeAlarm> All { get; } = [];

    public IEnumerable<EdgeAlarm> Standing => standing.Values;

    public void Raise(EdgeAlarm alarm)
    {
        All.Enqueue(alarm);
        if (alarm.Stands) standing[alarm.GetType()] = alarm;
    }

    public void Clear<TAlarm>()
        where TAlarm : EdgeAlarm => standing.TryRemove(typeof(TAlarm), out _);
}
