using System.Buffers.Binary;

namespace PasswordSync.Providers.Abstractions.Protocol;

/// <summary>Frames on a pair of byte streams: four bytes of length in network order, then as many bytes.</summary>
/// <param name="input">What is read.</param>
/// <param name="output">What is written.</param>
public sealed class FrameStream(Stream input, Stream output)
{
    private const int HeaderLength = 4;

    /// <summary>Reads a frame into a new array that does not move; the caller wipes it if it may hold a secret.</summary>
    /// <returns>Null if the other side closed before a frame began.</returns>
    /// <exception cref="PluginProtocolException">The frame is too long, or ends early.</exception>
    public async Task<byte[]?> ReadAsync(CancellationToken cancellationToken)
    {
        var header = new byte[HeaderLength];
        switch (await input.ReadAtLeastAsync(header, HeaderLength, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false))
        {
            case 0:
                return null;
            case < HeaderLength:
                throw new PluginProtocolException("The stream ended within a frame's length.");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(header);
        if (length > PluginProtocol.FrameSizeMax) throw new PluginProtocolException($"A frame of {length} bytes was announced; at most {PluginProtocol.FrameSizeMax} are allowed. (Did something else print to standard output?)");
        var frame = GC.AllocateArray<byte>((int)length, pinned: true);
        if (await input.ReadAtLeastAsync(frame, frame.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < frame.Length) throw new PluginProtocolException("The stream ended within a frame.");
        return frame;
    }

    /// <summary>Writes a frame and flushes it.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        if (frame.Length > PluginProtocol.FrameSizeMax) throw new PluginProtocolException($"A frame of {frame.Length} bytes cannot be sent; at most {PluginProtocol.FrameSizeMax} are allowed.");
        var header = new byte[HeaderLength];
        BinaryPrimitives.WriteInt32BigEndian(header, frame.Length);
        await output.WriteAsync(header, cancellationToken).ConfigureAwait(false);
        await output.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
