using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using PasswordSync.Core.Captures;

namespace PasswordSync.Capture.Spool;

/// <summary>The bytes of segments and records: docs/spec/spool.md. Pure; no I/O.</summary>
internal static class SpoolFormat
{
    public const int SegmentHeaderLength = 40;
    public const int RecordHeaderLength = 16;
    public const int Alignment = 8;
    public const int BodyLengthMax = 4_096;
    public const string SegmentSuffix = ".segment";

    /// <summary>The longest envelope that a capture record can hold, in bytes.</summary>
    public const int EnvelopeLengthMax = BodyLengthMax - CaptureBodyFixedLength;

    /// <summary>The longest account state, in bytes.</summary>
    public const int AccountStateLengthMax = BodyLengthMax - GuidLength;

    private const int GuidLength = 16;
    private const int CaptureBodyFixedLength = GuidLength + sizeof(ulong);
    private const int SettledBodyLength = GuidLength + sizeof(ulong) + 1;
    private const int ChecksumOffset = 12;

    private static ReadOnlySpan<byte> SegmentMagic => "pwspool\n"u8;

    private static ReadOnlySpan<byte> RecordMagic => "SPR1"u8;

    public static string SegmentName(ulong sequence) => sequence.ToString("x16", CultureInfo.InvariantCulture) + SegmentSuffix;

    public static bool TryParseSegmentName(string name, out ulong sequence)
    {
        sequence = 0;
        return name.Length == 16 + SegmentSuffix.Length
            && name.EndsWith(SegmentSuffix, StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out sequence)
            && name == SegmentName(sequence);
    }

    public static byte[] SegmentHeader(ulong sequence, DateTimeOffset begunAt)
    {
        var header = new byte[SegmentHeaderLength];
        SegmentMagic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), 1);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(24), ToFileTime(begunAt));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(36), Crc32C.Of(header.AsSpan(0, 36)));
        return header;
    }

    public static bool IsSegmentHeader(ReadOnlySpan<byte> bytes, ulong sequence) =>
        bytes.Length >= SegmentHeaderLength
        && bytes.StartsWith(SegmentMagic)
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) == 1
        && BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]) == sequence
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes[36..]) == Crc32C.Of(bytes[..36]);

    /// <summary>The space that a record takes in the file, padding included.</summary>
    public static int RecordLength(int bodyLength) => (RecordHeaderLength + bodyLength + Alignment - 1) / Alignment * Alignment;

    public static int BodyLength(SpoolRecord record) => record switch
    {
        SpoolRecord.Capture capture => CaptureBodyFixedLength + capture.Envelope.Length,
        SpoolRecord.Settled => SettledBodyLength,
        SpoolRecord.Account account => GuidLength + account.State.Length,
        _ => throw new InvalidOperationException($"Internal error: unknown record {record.GetType()}."),
    };

    /// <summary>Writes a record as it stands at <paramref name="offset"/> of segment <paramref name="sequence"/>.</summary>
    /// <param name="destination">At least <see cref="RecordLength"/> bytes.</param>
    /// <returns>The number of bytes written, padding included.</returns>
    public static int WriteRecord(SpoolRecord record, ulong sequence, long offset, Span<byte> destination)
    {
        var bodyLength = BodyLength(record);
        if (bodyLength is < 1 or > BodyLengthMax) throw new InvalidOperationException($"Internal error: a record's body of {bodyLength} bytes.");
        var length = RecordLength(bodyLength);
        destination = destination[..length];
        destination.Clear();
        RecordMagic.CopyTo(destination);
        destination[4] = (byte)record.Kind;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], (uint)bodyLength);
        WriteBody(record, destination.Slice(RecordHeaderLength, bodyLength));
        BinaryPrimitives.WriteUInt32LittleEndian(destination[ChecksumOffset..], Checksum(destination, bodyLength, sequence, offset));
        return length;
    }

    /// <summary>Reads the record that begins at the first byte, if there is one with a right checksum.</summary>
    /// <param name="bytes">The segment from <paramref name="offset"/> on.</param>
    /// <param name="length">The space that the record takes, padding included; 0 if there is none.</param>
    /// <exception cref="SpoolFormatException">The record is of a kind that a newer version writes.</exception>
    public static bool TryReadRecord(
        ReadOnlyMemory<byte> bytes, ulong sequence, long offset, [NotNullWhen(true)] out SpoolRecord? record, out int length)
    {
        record = null;
        length = 0;
        var span = bytes.Span;
        if (span.Length < RecordHeaderLength || !span.StartsWith(RecordMagic)) return false;
        var bodyLength = BinaryPrimitives.ReadUInt32LittleEndian(span[8..]);
        if (bodyLength is < 1 or > BodyLengthMax || span.Length < RecordHeaderLength + bodyLength) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(span[ChecksumOffset..]) != Checksum(span, (int)bodyLength, sequence, offset)) return false;

        record = ReadBody(span[4], bytes.Slice(RecordHeaderLength, (int)bodyLength))
            ?? throw new SpoolFormatException(
                $"Segment {SegmentName(sequence)} holds a record of kind {span[4]} at offset {offset}, which this version does not know. It was written by a newer version: run that one.");
        length = Math.Min(RecordLength((int)bodyLength), span.Length);
        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> record, int bodyLength, ulong sequence, long offset)
    {
        var checksum = new Crc32C();
        checksum.Add(sequence);
        checksum.Add((ulong)offset);
        checksum.Add(record[..ChecksumOffset]);
        checksum.Add(record.Slice(RecordHeaderLength, bodyLength));
        return checksum.Value;
    }

    private static void WriteBody(SpoolRecord record, Span<byte> body)
    {
        switch (record)
        {
            case SpoolRecord.Capture capture:
                capture.CaptureId.Value.TryWriteBytes(body, bigEndian: true, out _);
                BinaryPrimitives.WriteUInt64LittleEndian(body[GuidLength..], ToFileTime(capture.SpooledAt));
                capture.Envelope.Span.CopyTo(body[CaptureBodyFixedLength..]);
                break;
            case SpoolRecord.Settled settled:
                settled.CaptureId.Value.TryWriteBytes(body, bigEndian: true, out _);
                BinaryPrimitives.WriteUInt64LittleEndian(body[GuidLength..], ToFileTime(settled.At));
                body[^1] = (byte)settled.How;
                break;
            case SpoolRecord.Account account:
                account.ObjectGuid.TryWriteBytes(body, bigEndian: true, out _);
                account.State.Span.CopyTo(body[GuidLength..]);
                break;
        }
    }

    private static SpoolRecord? ReadBody(byte kind, ReadOnlyMemory<byte> body) => (SpoolRecordKind)kind switch
    {
        SpoolRecordKind.Capture when body.Length > CaptureBodyFixedLength => new SpoolRecord.Capture(ReadCaptureId(body), ReadTime(body), body[CaptureBodyFixedLength..]),
        SpoolRecordKind.Settled when body.Length == SettledBodyLength && Enum.IsDefined((Settlement)body.Span[^1]) =>
            new SpoolRecord.Settled(ReadCaptureId(body), ReadTime(body), (Settlement)body.Span[^1]),
        SpoolRecordKind.Account when body.Length > GuidLength => new SpoolRecord.Account(new Guid(body.Span[..GuidLength], bigEndian: true), body[GuidLength..]),
        _ => null,
    };

    private static CaptureId ReadCaptureId(ReadOnlyMemory<byte> body) => new(new Guid(body.Span[..GuidLength], bigEndian: true));

    private static DateTimeOffset ReadTime(ReadOnlyMemory<byte> body)
    {
        var ticks = BinaryPrimitives.ReadUInt64LittleEndian(body.Span[GuidLength..]);
        return ticks <= (ulong)(DateTimeOffset.MaxValue - FileTimeOrigin).Ticks ? FileTimeOrigin.AddTicks((long)ticks) : DateTimeOffset.MaxValue;
    }

    private static ulong ToFileTime(DateTimeOffset time) => (ulong)Math.Max(0, (time - FileTimeOrigin).Ticks);

    private static readonly DateTimeOffset FileTimeOrigin = new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero);
}
