using System.Diagnostics.CodeAnalysis;
using PasswordSync.Sealing.Hpke;

namespace PasswordSync.Sealing.Keys;

/// <summary>A public key of the cluster that passwords are sealed to: a point of P-256. Not secret.</summary>
public sealed class PublicSealingKey : IEquatable<PublicSealingKey>
{
    /// <summary>The size of <see cref="Bytes"/>.</summary>
    public const int Size = P256Point.Size;

    private readonly byte[] bytes;

    private PublicSealingKey(byte[] bytes)
    {
        this.bytes = bytes;
        Id = KeyId.Of(bytes);
    }

    /// <summary>The name of the key, taken from its bytes.</summary>
    public KeyId Id { get; }

    /// <summary>The uncompressed point: <c>04</c>, X, Y.</summary>
    public ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>Takes a copy of an uncompressed point; false if the bytes are none of P-256.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PublicSealingKey? key)
    {
        key = P256Point.IsValid(bytes) ? new PublicSealingKey(bytes.ToArray()) : null;
        return key is not null;
    }

    /// <summary>Reads 130 hexadecimal digits, as <see cref="ToString"/> writes them; false if they are no point of P-256.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out PublicSealingKey? key)
    {
        key = null;
        if (text is not { Length: 2 * Size }) return false;
        Span<byte> decoded = stackalloc byte[Size];
        return Convert.FromHexString(text, decoded, out _, out _) == System.Buffers.OperationStatus.Done && TryRead(decoded, out key);
    }

    public bool Equals(PublicSealingKey? other) => other is not null && bytes.AsSpan().SequenceEqual(other.bytes);

    public override bool Equals(object? obj) => Equals(obj as PublicSealingKey);

    public override int GetHashCode() => Id.GetHashCode();

    /// <summary>130 lower-case hexadecimal digits: the form of <c>key</c> in the edge's capture file.</summary>
    public override string ToString() => Convert.ToHexStringLower(bytes);
}
