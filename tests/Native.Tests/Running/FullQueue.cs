using System.Buffers.Binary;
using System.Net.Sockets;

namespace PasswordSync.Native.Tests.Running;

/// <summary>A listener that accepts nobody and whose queue of waiting connections is full, so that the next connect fails with EAGAIN.</summary>
internal sealed class FullQueue : IDisposable
{
    private const int ConnectionsMax = 64;

    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<Socket> waiting = [];

    public FullQueue(string path)
    {
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        while (waiting.Count < ConnectionsMax)
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
            waiting.Add(connection);
            try
            {
                connection.Connect(new UnixDomainSocketEndPoint(path));
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.WouldBlock or SocketError.TryAgain)
            {
                return;
            }
        }

        throw new InvalidOperationException("The queue did not fill.");
    }

    /// <summary>Empties the queue, and then answers the connection that sends a frame with "taken"; gives its envelope.</summary>
    public async Task<byte[]> TakeLastAsync()
    {
        var token = TestContext.Current.CancellationToken;
        foreach (var connection in waiting) connection.Dispose();
        while (true)
        {
            using var accepted = await listener.AcceptAsync(token);
            await using var stream = new NetworkStream(accepted, ownsSocket: false);
            var prefix = new byte[sizeof(uint)];
            if (await stream.ReadAtLeastAsync(prefix, prefix.Length, throwOnEndOfStream: false, token) < prefix.Length) continue;
            var envelope = new byte[BinaryPrimitives.ReadUInt32LittleEndian(prefix)];
            await stream.ReadExactlyAsync(envelope, token);
            await stream.WriteAsync(new[] { EdgeDouble.Taken }, token);
            return envelope;
        }
    }

    public void Dispose()
    {
        foreach (var connection in waiting) connection.Dispose();
        listener.Dispose();
    }
}
