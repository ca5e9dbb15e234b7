using Microsoft.Win32.SafeHandles;

namespace PasswordSync.Pbm;

/// <summary>
/// The standard output where it is a pipe. The runtime's own stream goes on silently when nobody reads the pipe any more, so that <c>pbm log tail | head</c> would
/// never end; this one says so.
/// </summary>
internal sealed class OutputPipe : Stream
{
    private const int StandardOutput = 1;

    /// <summary>EPIPE of Linux and macOS, which the runtime gives as the failure's code.</summary>
    private const int NobodyReads = 32;

    private readonly FileStream pipe = new(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);

    private OutputPipe()
    {
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>A writer to the pipe; null if the output is a file, a terminal, or Windows'.</summary>
    public static TextWriter? Open()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected) return null;
        var output = new OutputPipe();
        return output.pipe.CanSeek ? null : new StreamWriter(output) { AutoFlush = true };
    }

    /// <exception cref="OutputClosedException">Nobody reads any more.</exception>
    public override void Write(byte[] buffer, int offset, int count)
    {
        try
        {
            pipe.Write(buffer, offset, count);
        }
        catch (IOException failure) when (failure.HResult == NobodyReads)
        {
            throw new OutputClosedException(failure);
        }
    }

    public override void Flush()
    {
        // Nothing is kept back.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) pipe.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Whoever read the output has enough.</summary>
internal sealed class OutputClosedException(IOException inner) : Exception("Nobody reads the output any more.", inner);
