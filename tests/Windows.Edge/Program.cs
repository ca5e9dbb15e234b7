// The edge's first half, for tests under a Wine whose TLS and ECDSA are not enough for the whole edge: the pipe, the drop folder and the spool of
// src/Capture, as the edge puts them together. Windows.Edge PIPE DROP SPOOL CLUSTER SOURCE DC CLIENT-PROGRAM; ends with its standard input. Its first
// line tells that it has started, so that a silence before it is not taken for its own.
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Listener;
using PasswordSync.Capture.Spool;
using PasswordSync.Windows.Edge;

Console.WriteLine("started");
if (args is not [var pipe, var drop, var spoolFolder, var cluster, var source, var controller, var client]) return 2;
var alarms = new PrintedAlarms();
var time = TimeProvider.System;
using var stop = new CancellationTokenSource();
using var spool = CaptureSpool.Open(new DiskSpoolFiles(spoolFolder), new SpoolOptions(), alarms, time, NullLogger.Instance);
var intake = new CaptureIntake(spool, new EdgeBinding(cluster, source, controller), alarms, time, NullLogger<CaptureIntake>.Instance);
var options = new ListenerOptions { Socket = pipe, DropFolder = drop, ClientProgram = client == "-" ? null : client };
options.Validate();
var listener = new HandoverListener(options, intake, time, new PrintedLog<HandoverListener>());
using var dropFolder = new DropFolder(options, intake, alarms, time, NullLogger<DropFolder>.Instance);

var spooling = spool.RunAsync(stop.Token);
var listening = listener.RunAsync(stop.Token);
if (await Task.WhenAny(listener.Listening, listening) == listening) await listening;
var draining = dropFolder.RunAsync(stop.Token);
Console.WriteLine("ready");
while (await Console.In.ReadLineAsync() is not null) Console.WriteLine($"held {spool.ListHeld().Count}");

await stop.CancelAsync();
await Task.WhenAll(listening, draining);
await spooling;
return 0;

namespace PasswordSync.Windows.Edge
{
    internal sealed class PrintedAlarms : IAlarmSink
    {
        public void Raise(EdgeAlarm alarm) => Console.Error.WriteLine(alarm.Sentence);

        public void Clear<TAlarm>()
            where TAlarm : EdgeAlarm
        {
        }
    }

    internal sealed class PrintedLog<T> : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) Console.Error.WriteLine(formatter(state, exception));
        }
    }
}
