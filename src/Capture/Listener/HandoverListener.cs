using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace PasswordSync.Capture.Listener;

/// <summary>Takes captures from the hook on this machine, over a Unix socket or, on Windows, a named pipe.</summary>
public sealed partial class HandoverListener(ListenerOptions options, CaptureIntake intake, TimeProvider time, ILogger<HandoverListener> logger)
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly TaskCompletionSource listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int connections;

    /// <summary>Ends when clients can connect.</summary>
    public Task Listening => listening.Task;

    /// <summary>Listens until cancelled, then lets the connections under way end.</summary>
    /// <exception cref="IOException">The socket cannot be made.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var served = new HashSet<Task>();
        await using var door = OpenDoor();
        LogListening(logger, options.Socket);
        listening.TrySetResult();
        try
        {
            while (true)
            {
                var stream = await AcceptAsync(door, cancellationToken);
                served.RemoveWhere(task => task.IsCompleted);
                if (served.Count >= options.ConnectionsMax)
                {
                    LogTooMany(logger, options.ConnectionsMax);
                    await stream.DisposeAsync();
                    continue;
                }

                served.Add(ServeAsync(stream));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for; what was accepted is still answered, each within its deadline.
        }
        finally
        {
            await Task.WhenAll(served);
        }
    }

    private async Task<Stream> AcceptAsync(IHandoverDoor door, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await door.AcceptAsync(cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                // Such as no descriptor left; clients drop files meanwhile.
                LogCannotAccept(logger, exception.Message);
                await Task.Delay(PauseAfterFailure, time, cancellationToken);
            }
        }
    }

    private IHandoverDoor OpenDoor()
    {
        if (!OperatingSystem.IsWindows()) return new SocketDoor(options.Socket);
        var door = new PipeDoor(options.Socket, options.ClientProgram, logger);
        door.Open();
        return door;
    }

    private async Task ServeAsync(Stream stream)
    {
        var number = Interlocked.Increment(ref connections);
        using var deadline = new CancellationTokenSource(options.ConnectionTimeout, time);
        try
        {
            await using (stream) await HandoverConnection.ServeAsync(stream, intake, "the socket", deadline.Token);
        }
        catch (OperationCanceledException)
        {
            LogSlow(logger, number, options.ConnectionTimeout);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // The client went away: it drops a file instead.
            LogGone(logger, number, exception.Message);
        }
    }

    [LoggerMessage(EventId = 5031, Level = LogLevel.Information, Message = "Listening for captures at {Socket}")]
    private static partial void LogListening(ILogger logger, string socket);

    [LoggerMessage(EventId = 5032, Level = LogLevel.Error, Message = "No connection can be accepted: {Reason}")]
    private static partial void LogCannotAccept(ILogger logger, string reason);

    [LoggerMessage(EventId = 5033, Level = LogLevel.Warning, Message = "A connection was closed unread: {ConnectionsMax} are being served")]
    private static partial void LogTooMany(ILogger logger, int connectionsMax);

    [LoggerMessage(EventId = 5034, Level = LogLevel.Warning, Message = "Connection {Number} did not end within {Timeout}")]
    private static partial void LogSlow(ILogger logger, int number, TimeSpan timeout);

    [LoggerMessage(EventId = 5035, Level = LogLevel.Debug, Message = "Connection {Number} was ended by the client: {Reason}")]
    private static partial void LogGone(ILogger logger, int number, string reason);
}
