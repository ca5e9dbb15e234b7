using System.Buffers.Binary;
using System.Numerics;

namespace PasswordSync.Capture.Spool;

/// <summary>CRC-32C (Castagnoli), in hardware where there is any.</summary>
internal struct Crc32C
{
    private uint inverted = uint.MaxValue;

    public Crc32C()
    {
    }

    /// <summary>The checksum of everything added so far.</summary>
    public readonly uint Value => ~inverted;

    public void Add(ulong value) => inverted = BitOperations.Crc32C(inverted, value);

    public void Add(ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..]) Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes) inverted = BitOperations.Crc32C(inverted, b);
    }

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var checksum = new Crc32C();
        checksum.Add(bytes);
        return checksum.Value;
    }
}
