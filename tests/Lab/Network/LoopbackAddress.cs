using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Lab;

/// <summary>
/// A loopback address that nobody else on this machine uses as long as it is held. Domain controllers need fixed ports (88, 389,
/// 445, ...), so each gets an address of its own. Held by a lock file, and only given away when those ports are free on it.
/// </summary>
public sealed class LoopbackAddress : IDisposable
{
    private const int AddressesTriedMax = 2_000;
    private static readonly int[] PortsNeeded = [88, 135, 389, 445, 464, 636, 3268, 3269];
    private readonly FileStream? _lease;

    private LoopbackAddress(IPAddress address, FileStream? lease)
    {
        Address = address;
        _lease = lease;
    }

    public IPAddress Address { get; }

    /// <summary>Takes a free address of 127.77.0.0/16.</summary>
    /// <exception cref="LabEnvironmentException">None was free, which means that a program listens on these ports on all addresses.</exception>
    public static LoopbackAddress Lease()
    {
        var folder = Path.Combine(LabMachine.RootFolder, "addresses");
        Directory.CreateDirectory(folder);
        for (var attempt = 0; attempt < AddressesTriedMax; attempt++)
        {
            var address = new IPAddress([127, 77, (byte)Random.Shared.Next(0, 16), (byte)Random.Shared.Next(1, 255)]);
            FileStream lease;
            try
            {
                lease = new FileStream(Path.Combine(folder, address.ToString()), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
            }
            catch (IOException)
            {
                continue;
            }

            if (PortsNeeded.All(port => IsFree(address, port))) return new LoopbackAddress(address, lease);
            lease.Dispose();
        }

        throw new LabEnvironmentException(
            $"No free loopback address for a server: is another program listening on 0.0.0.0 with one of the ports {string.Join(", ", PortsNeeded)}?");
    }

    /// <summary>An address that a server already uses: nothing is held or checked.</summary>
    internal static LoopbackAddress Known(IPAddress address) => new(address, lease: null);

    public void Dispose() => _lease?.Dispose();

    public override string ToString() => Address.ToString();

    private static bool IsFree(IPAddress address, int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
