using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace PasswordSync.Sealing.Keys;

/// <summary>The name of an envelope key: the first 16 bytes of SHA-256 over its public key in uncompressed form. Not secret.</summary>
public readonly record struct KeyId
{
    /// <summary>The size of the id, in bytes.</summary>
    public const int Size = 16;

    private readonly UInt128 value;

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public KeyId(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size);
        value = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>The id of a public key in its 65 bytes.</summary>
    internal static KeyId Of(ReadOnlySpan<byte> publicKey)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(publicKey, hash);
        return new KeyId(hash[..Size]);
    }

    /// <param name="destination">Gets the id: at least <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> destination) => System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(destination, value);

    /// <summary>Reads 32 hexadecimal digits, as <see cref="ToString"/> writes them.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out KeyId id)
    {
        id = default;
        if (text is not { Length: 2 * Size }) return false;
        Span<byte> bytes = stackalloc byte[Size];
        if (Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done) return false;
        id = new KeyId(bytes);
        return true;
    }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => value.ToString("x32", CultureInfo.InvariantCulture);
}
