using System.Buffers.Binary;
using System.IO.Pipes;
using System.Net.Sockets;
using System.Text;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Demo;

/// <summary>Does what the filter does inside a DC: reads the capture file, seals the password, hands it to the edge over its socket or pipe, waits for the acknowledgement.</summary>
internal sealed class DemoHook(string captureFile, TimeProvider clock)
{
    private const byte Taken = 0x06;

    /// <summary>The id and time of the last capture, for the display.</summary>
    public (Guid CaptureId, DateTimeOffset At) Last { get; private set; }

    public async Task HandOverAsync(string user, string password, CancellationToken cancellationToken)
    {
        var at = clock.GetUtcNow();
        var settings = (await File.ReadAllLinesAsync(captureFile, cancellationToken).ConfigureAwait(false)).Skip(1).Select(line => line.Split(' ', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        if (!PublicSealingKey.TryParse(settings["key"], out var key)) throw new InvalidDataException($"The capture file '{captureFile}' has no usable key.");
        Last = (Guid.NewGuid(), at);
        var description = new EnvelopeDescription(Last.CaptureId, Last.At, 0, settings["cluster"], settings["source"], settings["dc"], user);
        var envelope = EnvelopeSealer.Seal(description, key, PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(password));
        await using var stream = await ConnectAsync(settings["socket"], cancellationToken).ConfigureAwait(false);
        var frame = new byte[4 + envelope.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, envelope.Length);
        envelope.CopyTo(frame, 4);
        await stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        var answer = new byte[1];
        if (await stream.ReadAsync(answer, cancellationToken).ConfigureAwait(false) != 1 || answer[0] != Taken) throw new IOException("The edge did not take the capture.");
    }

    private static async Task<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            var pipe = new NamedPipeClientStream(".", path, PipeDirection.InOut, PipeOptions.Asynchronous);
            await pipe.ConnectAsync(cancellationToken).ConfigureAwait(false);
            return pipe;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
