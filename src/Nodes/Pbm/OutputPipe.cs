using Microsoft.Win32.SafeHandles;

namespace PasswordSync.Pbm;

/// <summary>
/// The standard output where it is a pipe. The runtime's own stream goes on silently when nobody reads the pipe any more, so that <c>pbm log tail | head</c> would
/// never end; this one says so.
/// </summary>
internal sealed class OutputPipe : FileStream
{
    private const int StandardOutput = 1;

    private OutputPipe(SafeFileHandle handle)
        : base(handle, FileAccess.Write, bufferSize: 0)
    {
    }

    /// <summary>A writer to the pipe; null if the output is a file, a terminal, or Windows'.</summary>
    public static TextWriter? Open()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected) return null;
        var pipe = new OutputPipe(new SafeFileHandle(StandardOutput, ownsHandle: false));
        return pipe.CanSeek ? null : new StreamWriter(pipe) { AutoFlush = true };
    }

    /// <exception cref="OutputClosedException">Nobody reads any more.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            base.Write(buffer);
        }
        catch (IOException failure)
        {
            throw new OutputClosedException(failure);
        }
    }

    /// <exception cref="OutputClosedException">Nobody reads any more.</exception>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
}

/// <summary>Whoever read the output has enough.</summary>
internal sealed class OutputClosedException(IOException inner) : Exception("Nobody reads the output any more.", inner);
