using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Lab;

/// <summary>Ports for servers that share 127.0.0.1.</summary>
public static class FreePort
{
    /// <summary>A TCP port of 127.0.0.1 at which nobody listens now.</summary>
    public static int Find()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
