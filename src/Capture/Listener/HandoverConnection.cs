using System.Buffers.Binary;

namespace PasswordSync.Capture.Listener;

/// <summary>One connection of the hand-over, over whatever stream: docs/spec/handover.md, "Socket".</summary>
internal static class HandoverConnection
{
    public const int FrameLengthMax = 4_096;
    public const byte TakenAnswer = 0x06;
    public const byte RefusedAnswer = 0x15;

    /// <summary>Reads one frame, answers it, and waits for the client to go.</summary>
    /// <param name="cancellationToken">Ends it; the caller sets the deadline.</param>
    public static async Task ServeAsync(Stream stream, CaptureIntake intake, string origin, CancellationToken cancellationToken)
    {
        var header = new byte[sizeof(uint)];
        await stream.ReadExactlyAsync(header, cancellationToken);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        var answer = RefusedAnswer;
        if (length is >= 1 and <= FrameLengthMax)
        {
            var envelope = new byte[length];
            await stream.ReadExactlyAsync(envelope, cancellationToken);
            if (await intake.TakeAsync(envelope, origin, cancellationToken) == TakeResult.Taken) answer = TakenAnswer;
        }

        await stream.WriteAsync(new[] { answer }, cancellationToken);
        await stream.FlushAsync(cancellationToken);

        // A pipe that is closed first takes the answer with it.
        _ = await stream.ReadAsync(header, cancellationToken);
    }
}
