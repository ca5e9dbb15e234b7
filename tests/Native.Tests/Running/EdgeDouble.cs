using System.Buffers.Binary;
using System.Net.Sockets;

namespace PasswordSync.Native.Tests.Running;

/// <summary>
/// Stands in for the edge on the socket: takes connections, reads one frame of each, and then does what the test says. Its frames can be
/// awaited one by one, so that a test needs no sleep.
/// </summary>
internal sealed class EdgeDouble : IAsyncDisposable
{
    public const byte Taken = 0x06;
    public const byte Refused = 0x15;

    private readonly System.Threading.Channels.Channel<byte[]> frames = System.Threading.Channels.Channel.CreateBounded<byte[]>(1_024);
    private readonly CancellationTokenSource ending = new();
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Func<Socket, CancellationToken, Task> behaviour;
    private readonly Task serving;

    /// <param name="path">Where to listen.</param>
    /// <param name="behaviour">What to do with a connection whose frame was read; when it returns, the connection is closed.</param>
    public EdgeDouble(string path, Func<Socket, CancellationToken, Task> behaviour)
    {
        this.behaviour = behaviour;
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(64);
        serving = ServeAsync();
    }

    /// <summary>An edge that answers each frame with one byte.</summary>
    public static EdgeDouble Answering(string path, byte answer) =>
        new(path, async (connection, token) => await connection.SendAsync(new[] { answer }, token));

    /// <summary>An edge that reads the frame and then stays silent until the client leaves.</summary>
    public static EdgeDouble Silent(string path) => new(path, async (connection, token) => await connection.ReceiveAsync(new byte[1], token));

    /// <summary>An edge that reads the frame and closes the connection without an answer.</summary>
    public static EdgeDouble Dropping(string path) => new(path, (_, _) => Task.CompletedTask);

    /// <summary>The next envelope that came in, without its length.</summary>
    public ValueTask<byte[]> NextEnvelopeAsync() => frames.Reader.ReadAsync(TestContext.Current.CancellationToken);

    /// <summary>How many envelopes came in and were not taken with <see cref="NextEnvelopeAsync"/>.</summary>
    public int EnvelopesWaiting => frames.Reader.Count;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Dispose();
        await serving;
        ending.Dispose();
    }

    private async Task ServeAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(ServeAsync(await listener.AcceptAsync(ending.Token)));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        using (connection)
        {
            try
            {
                var prefix = await ReadAsync(connection, sizeof(uint));
                var length = BinaryPrimitives.ReadUInt32LittleEndian(prefix);
                length.ShouldBeInRange(1u, 4_096u);
                await frames.Writer.WriteAsync(await ReadAsync(connection, (int)length), ending.Token);
                await behaviour(connection, ending.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or EndOfStreamException)
            {
                // The client left, or the test ended.
            }
        }
    }

    private async Task<byte[]> ReadAsync(Socket connection, int length)
    {
        var bytes = new byte[length];
        await using var stream = new NetworkStream(connection, ownsSocket: false);
        await stream.ReadExactlyAsync(bytes, ending.Token);
        return bytes;
    }
}
