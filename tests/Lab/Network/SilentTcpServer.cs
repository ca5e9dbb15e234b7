using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Lab;

/// <summary>Accepts connections and never says a word: what a hung target looks like from outside. Runs on every operating system.</summary>
public sealed class SilentTcpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Socket> _connections = [];
    private readonly ConcurrentBag<Socket> _looks = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private volatile bool _hangsUp;

    public SilentTcpServer()
    {
        _listener.Start();
        _accepting = AcceptAsync(_stop.Token);
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>How many connections were accepted so far.</summary>
    public int Accepted => _connections.Count;

    /// <summary>Ends all connections, and from now on each new one at once.</summary>
    public void HangUp()
    {
        _hangsUp = true;
        foreach (var connection in _connections) connection.Dispose();
    }

    /// <summary>How many connections were made so far, also those that wait to be accepted; this server's own looks do not count.</summary>
    public async Task<int> CountAsync(CancellationToken cancellationToken)
    {
        // They are accepted in the order in which they were made: with this one, all before it.
        var look = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _looks.Add(look);
        await look.ConnectAsync(EndPoint, cancellationToken);
        await Eventually.HoldsAsync("a connection to be accepted", LabServer.StartBound, _ => Task.FromResult(_connections.Any(connection => Equals(connection.RemoteEndPoint, look.LocalEndPoint))), cancellationToken);
        return Accepted - _looks.Count;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        foreach (var connection in _connections.Concat(_looks)) connection.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                var connection = await _listener.AcceptSocketAsync(stop);
                _connections.Add(connection);
                if (_hangsUp) connection.Dispose();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Disposed.
        }
    }
}
