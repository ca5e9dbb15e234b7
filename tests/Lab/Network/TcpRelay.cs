using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Lab;

/// <summary>Which half of a relayed connection.</summary>
public enum RelayDirection
{
    /// <summary>What clients say to the server.</summary>
    Requests,

    /// <summary>What the server says to clients.</summary>
    Answers,
}

/// <summary>
/// Passes connections on to a server, and on demand swallows one direction without closing anything: a network that lost a request, or the
/// answer to one. Runs on every operating system.
/// </summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private const int BufferLength = 16 * 1024;

    private readonly IPEndPoint _server;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _relaying = [];
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private readonly Task _accepting;
    private volatile Hold? _hold;

    /// <param name="server">The server.</param>
    /// <param name="address">The loopback address to listen on, at a port of the system's choice.</param>
    public TcpRelay(IPEndPoint server, IPAddress address)
    {
        _server = server;
        _listener = new TcpListener(address, 0);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>From now on everything in this direction is swallowed.</summary>
    /// <returns>Ends when something was.</returns>
    public Task Swallow(RelayDirection direction)
    {
        var hold = new Hold(direction, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _hold = hold;
        return hold.Happened.Task;
    }

    /// <summary>Ends the connections that there are; later ones are passed on whole.</summary>
    public void Recover()
    {
        foreach (var socket in _sockets.Keys) socket.Dispose();
        _hold = null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var socket in _sockets.Keys) socket.Dispose();
        await _accepting;
        await Task.WhenAll(_relaying);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _relaying.Add(RelayAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var server = new Socket(_server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _sockets[client] = true;
        _sockets[server] = true;
        try
        {
            await server.ConnectAsync(_server, _stop.Token);
            await Task.WhenAll(PassAsync(client, server, RelayDirection.Requests), PassAsync(server, client, RelayDirection.Answers));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The connection ended.
        }
        finally
        {
            client.Dispose();
            _sockets.TryRemove(client, out _);
            _sockets.TryRemove(server, out _);
        }
    }

    private async Task PassAsync(Socket from, Socket to, RelayDirection direction)
    {
        var buffer = new byte[BufferLength];
        try
        {
            while (true)
            {
                var count = await from.ReceiveAsync(buffer, SocketFlags.None, _stop.Token);
                if (count == 0)
                {
                    to.Shutdown(SocketShutdown.Send);
                    return;
                }

                if (_hold is { } hold && hold.Direction == direction) hold.Happened.TrySetResult();
                else await to.SendAsync(buffer.AsMemory(0, count), SocketFlags.None, _stop.Token);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The connection broke: the other half goes with it.
            from.Dispose();
            to.Dispose();
        }
    }

    private sealed record Hold(RelayDirection Direction, TaskCompletionSource Happened);
}
