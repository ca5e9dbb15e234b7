using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Lab;

/// <summary>Ports for servers that share 127.0.0.1.</summary>
public static class FreePort
{
    // Below the ports that Linux gives to whoever asks for none: seconds may pass until the server is there, and nobody's connection may have taken the port meanwhile.
    private const int First = 10_000;
    private const int Last = 29_999;
    private const int PortsTriedMax = 2_000;

    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];

    /// <summary>A TCP port of 127.0.0.1 at which nobody listens now, and that this process is not given again.</summary>
    /// <exception cref="LabEnvironmentException">None was free.</exception>
    public static int Find()
    {
        for (var attempt = 0; attempt < PortsTriedMax; attempt++)
        {
            var port = Random.Shared.Next(First, Last + 1);
            lock (Gate)
            {
                if (!Given.Add(port)) continue;
            }

            if (IsFree(port)) return port;
        }

        throw new LabEnvironmentException($"No free port of 127.0.0.1 among {PortsTriedMax} from {First} to {Last}.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
