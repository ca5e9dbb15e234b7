namespace PasswordSync.Capture.Listener;

/// <summary>Bounds of what comes from the hook: docs/spec/handover.md.</summary>
public sealed record ListenerOptions
{
    /// <summary>The longest Unix socket path, in bytes: what the hook can hold.</summary>
    public const int SocketPathBytesMax = 107;

    /// <summary>Path of the Unix socket; on Windows the pipe's name.</summary>
    public required string Socket { get; init; }

    /// <summary>Path of the drop folder.</summary>
    public required string DropFolder { get; init; }

    /// <summary>Windows: full path of the only program whose connections are served. Default null: any that the pipe's access list lets in.</summary>
    public string? ClientProgram { get; init; }

    /// <summary>How many connections are served at once; further ones are closed unread. Default 256.</summary>
    public int ConnectionsMax { get; init; } = 256;

    /// <summary>How long one connection may take. Default 5 s.</summary>
    public TimeSpan ConnectionTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the drop folder is looked at, told of a change or not. Default 1 s.</summary>
    public TimeSpan DropInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many dropped files are taken at once. Default 64.</summary>
    public int DropFilesAtOnce { get; init; } = 64;

    /// <summary>After which age a file that was never finished is deleted. Default 1 hour.</summary>
    public TimeSpan UnfinishedFileAge { get; init; } = TimeSpan.FromHours(1);

    /// <exception cref="ArgumentException">A value is outside its range; the message says which.</exception>
    public void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Socket);
        ArgumentException.ThrowIfNullOrWhiteSpace(DropFolder);
        if (System.Text.Encoding.UTF8.GetByteCount(Socket) > SocketPathBytesMax)
        {
            throw new ArgumentException($"The socket path '{Socket}' is too long: at most {SocketPathBytesMax} bytes. Choose a shorter folder.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectionsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(DropFilesAtOnce, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ConnectionTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DropInterval, TimeSpan.Zero);
    }
}
