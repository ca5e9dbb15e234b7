using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Lab;

internal static class EndPointProbe
{
    /// <summary>Does something accept connections there, at a TCP port or at a Unix socket?</summary>
    public static async Task<bool> AcceptsAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, endPoint is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Tcp);
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
