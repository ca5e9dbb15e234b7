using System.Net.Sockets;

namespace PasswordSync.Capture.Listener;

/// <summary>Where clients come in.</summary>
internal interface IHandoverDoor : IAsyncDisposable
{
    /// <summary>The next client.</summary>
    Task<Stream> AcceptAsync(CancellationToken cancellationToken);
}

/// <summary>A Unix socket that only its owner and its group can use. A socket file left by a former run is replaced.</summary>
internal sealed class SocketDoor : IHandoverDoor
{
    private const int Backlog = 512;

    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string path;

    public SocketDoor(string path)
    {
        this.path = path;
        try
        {
            File.Delete(path);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
            }

            socket.Listen(Backlog);
        }
        catch (Exception exception) when (exception is SocketException or DirectoryNotFoundException)
        {
            socket.Dispose();
            throw new IOException($"The socket '{path}' cannot be made: {exception.Message}. Check that its folder exists and belongs to the edge's account.", exception);
        }
    }

    public async Task<Stream> AcceptAsync(CancellationToken cancellationToken) =>
        new NetworkStream(await socket.AcceptAsync(cancellationToken), ownsSocket: true);

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        File.Delete(path);
        return ValueTask.CompletedTask;
    }
}
