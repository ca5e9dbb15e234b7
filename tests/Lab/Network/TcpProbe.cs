using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Lab;

internal static class TcpProbe
{
    /// <summary>Does something accept connections there?</summary>
    public static async Task<bool> AcceptsAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
