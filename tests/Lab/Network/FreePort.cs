using System.Globalization;
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

    // Held until this process ends: another process is not given a port whose server is just starting, or is down between two starts.
    private static readonly List<FileStream> Leases = [];

    /// <summary>A TCP port of 127.0.0.1 at which nobody listens now, and that neither this process nor another one is given again while this one runs.</summary>
    /// <exception cref="LabEnvironmentException">None was free.</exception>
    public static int Find()
    {
        for (var attempt = 0; attempt < PortsTriedMax; attempt++)
        {
            var port = Random.Shared.Next(First, Last + 1);
            lock (Gate)
            {
                if (!Given.Add(port) || !TryLease(port)) continue;
            }

            if (IsFree(port)) return port;
        }

        throw new LabEnvironmentException($"No free port of 127.0.0.1 among {PortsTriedMax} from {First} to {Last}.");
    }

    private static bool TryLease(int port)
    {
        var folder = Path.Combine(LabMachine.RootFolder, "ports");
        Directory.CreateDirectory(folder);
        try
        {
            Leases.Add(new FileStream(Path.Combine(folder, port.ToString(CultureInfo.InvariantCulture)), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None));
            return true;
        }
        catch (IOException)
        {
            // Another process has this one.
            return false;
        }
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
