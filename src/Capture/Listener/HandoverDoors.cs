using System.IO.Pipes;
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
        catch (SocketException exception)
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

/// <summary>
/// A named pipe with Windows' default access list: LocalSystem, as which LSASS runs, may use it; others may not write. The first instance must
/// be ours, so that nobody can stand in for the edge.
/// </summary>
internal sealed class PipeDoor : IHandoverDoor
{
    private readonly string name;
    private NamedPipeServerStream next;

    public PipeDoor(string name)
    {
        this.name = name;
        next = Make(PipeOptions.FirstPipeInstance);
    }

    public async Task<Stream> AcceptAsync(CancellationToken cancellationToken)
    {
        await next.WaitForConnectionAsync(cancellationToken);
        var connected = next;
        next = Make(PipeOptions.None);
        return connected;
    }

    public ValueTask DisposeAsync() => next.DisposeAsync();

    private NamedPipeServerStream Make(PipeOptions more) => new(
        name, PipeDirection.InOut, NamedPipeServerStream.MaxAllowedServerInstances, PipeTransmissionMode.Byte, PipeOptions.Asynchronous | more);
}
