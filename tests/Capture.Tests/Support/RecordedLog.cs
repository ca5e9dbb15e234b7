using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace PasswordSync.Capture.Tests.Support;

/// <summary>Keeps what was logged, each with its event id in front.</summary>
public sealed class RecordedLog<T> : ILogger<T>
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{eventId.Id} {formatter(state, exception)}");
}
