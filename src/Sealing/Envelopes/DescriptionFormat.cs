using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace PasswordSync.Sealing.Envelopes;

/// <summary>The description's bytes: docs/spec/envelope.md, "Description".</summary>
internal static class DescriptionFormat
{
    /// <summary>The fewest bytes: every text has one.</summary>
    public const int LengthMin = FixedLength + 5 + 4;

    /// <summary>The most bytes: every text has its greatest length.</summary>
    public const int LengthMax = FixedLength + 5 + EnvelopeDescription.ClusterBytesMax + EnvelopeDescription.SourceBytesMax
        + EnvelopeDescription.DomainControllerBytesMax + EnvelopeDescription.AccountNameBytesMax;

    private const int FixedLength = 16 + 8 + 4;

    /// <param name="destination">At least <see cref="LengthMax"/> bytes.</param>
    /// <returns>The number of bytes written.</returns>
    public static int Write(EnvelopeDescription description, Span<byte> destination)
    {
        description.CaptureId.TryWriteBytes(destination, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], (ulong)(description.CaptureTime - EnvelopeDescription.TimeOrigin).Ticks);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[24..], description.RelativeId);
        var at = FixedLength;
        foreach (var text in (ReadOnlySpan<string>)[description.Cluster, description.Source, description.DomainController])
        {
            var length = Encoding.UTF8.GetBytes(text, destination[(at + 1)..]);
            destination[at] = checked((byte)length);
            at += 1 + length;
        }

        var nameLength = Encoding.UTF8.GetBytes(description.AccountName, destination[(at + 2)..]);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[at..], checked((ushort)nameLength));
        return at + 2 + nameLength;
    }

    /// <param name="fault">What is wrong with the bytes, as the end of a sentence; null if nothing.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out EnvelopeDescription? description, [NotNullWhen(false)] out string? fault)
    {
        description = null;
        fault = null;
        if (bytes.Length < LengthMin) return Fails("has too few bytes", out fault);

        var captureId = new Guid(bytes[..16], bigEndian: true);
        if (captureId == Guid.Empty) return Fails("has a capture id of all zeros", out fault);
        var time = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        if (time > (ulong)(DateTimeOffset.MaxValue - EnvelopeDescription.TimeOrigin).Ticks) return Fails("has a capture time after the year 9999", out fault);
        var relativeId = BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]);

        var rest = bytes[FixedLength..];
        if (!TryReadText(ref rest, lengthSize: 1, EnvelopeDescription.ClusterBytesMax, out var cluster)) return Fails("has no well-formed cluster", out fault);
        if (!TryReadText(ref rest, lengthSize: 1, EnvelopeDescription.SourceBytesMax, out var source) || !EnvelopeDescription.IsSourceName(source))
        {
            return Fails("has no well-formed source", out fault);
        }

        if (!TryReadText(ref rest, lengthSize: 1, EnvelopeDescription.DomainControllerBytesMax, out var domainController)
            || EnvelopeDescription.HasUpperCase(domainController))
        {
            return Fails("has no well-formed DC", out fault);
        }

        if (!TryReadText(ref rest, lengthSize: 2, EnvelopeDescription.AccountNameBytesMax, out var accountName))
        {
            return Fails("has no well-formed account name", out fault);
        }

        if (!rest.IsEmpty) return Fails($"has {rest.Length} bytes after its last field", out fault);
        description = new EnvelopeDescription(
            captureId, EnvelopeDescription.TimeOrigin.AddTicks((long)time), relativeId, cluster, source, domainController, accountName);
        return true;
    }

    private static bool Fails(string what, out string fault)
    {
        fault = what;
        return false;
    }

    private static bool TryReadText(ref ReadOnlySpan<byte> rest, int lengthSize, int bytesMax, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (rest.Length < lengthSize) return false;
        var length = lengthSize == 1 ? rest[0] : BinaryPrimitives.ReadUInt16LittleEndian(rest);
        if (length == 0 || length > bytesMax || rest.Length < lengthSize + length) return false;
        var bytes = rest.Slice(lengthSize, length);
        if (!Utf8.IsValid(bytes)) return false;
        text = Encoding.UTF8.GetString(bytes);
        if (EnvelopeDescription.HasControlCharacter(text)) return false;
        rest = rest[(lengthSize + length)..];
        return true;
    }
}
