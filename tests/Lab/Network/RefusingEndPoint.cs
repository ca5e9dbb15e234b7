using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Lab;

/// <summary>An end point of 127.0.0.1 that refuses connections, and whose port nobody else is given meanwhile: it is taken, and nobody listens. Runs on every operating system.</summary>
public sealed class RefusingEndPoint : IDisposable
{
    private readonly Socket _taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public RefusingEndPoint()
    {
        _taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint = (IPEndPoint)_taken.LocalEndPoint!;
    }

    public IPEndPoint EndPoint { get; }

    public void Dispose() => _taken.Dispose();
}
