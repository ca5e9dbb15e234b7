using System.Buffers.Binary;
using System.Text.Unicode;

namespace PasswordSync.Sealing.Envelopes;

/// <summary>How a password's bytes stand for characters. The value is the byte of the format.</summary>
public enum PasswordEncoding : byte
{
    /// <summary>UTF-16 in little-endian order, as Windows holds it; surrogates without a partner are allowed.</summary>
    Utf16LittleEndian = 1,

    /// <summary>Well-formed UTF-8.</summary>
    Utf8 = 2,
}

/// <summary>The plaintext of an envelope: one size for all passwords. docs/spec/envelope.md, "Plaintext".</summary>
internal static class PaddedPassword
{
    /// <summary>The size of the plaintext, in bytes.</summary>
    public const int Length = 1_024;

    /// <summary>Where the password begins: after its encoding and its length.</summary>
    public const int PasswordOffset = 3;

    /// <summary>The longest password, in bytes.</summary>
    public const int PasswordBytesMax = Length - PasswordOffset;

    /// <param name="password">Checked before: <see cref="IsWellFormed"/> and not longer than <see cref="PasswordBytesMax"/>.</param>
    /// <param name="destination">Exactly <see cref="Length"/> bytes; the caller wipes it.</param>
    public static void Write(PasswordEncoding encoding, ReadOnlySpan<byte> password, Span<byte> destination)
    {
        destination[0] = (byte)encoding;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[1..], checked((ushort)password.Length));
        password.CopyTo(destination[PasswordOffset..]);
        destination[(PasswordOffset + password.Length)..].Clear();
    }

    /// <param name="plaintext">Exactly <see cref="Length"/> bytes.</param>
    /// <param name="passwordLength">The number of bytes from <see cref="PasswordOffset"/> on.</param>
    public static bool TryRead(ReadOnlySpan<byte> plaintext, out PasswordEncoding encoding, out int passwordLength)
    {
        encoding = (PasswordEncoding)plaintext[0];
        passwordLength = BinaryPrimitives.ReadUInt16LittleEndian(plaintext[1..]);
        return passwordLength <= PasswordBytesMax
            && IsWellFormed(encoding, plaintext.Slice(PasswordOffset, passwordLength))
            && !plaintext[(PasswordOffset + passwordLength)..].ContainsAnyExcept((byte)0);
    }

    /// <summary>Whether the encoding is known and the bytes are of it.</summary>
    public static bool IsWellFormed(PasswordEncoding encoding, ReadOnlySpan<byte> password) => encoding switch
    {
        PasswordEncoding.Utf16LittleEndian => password.Length % 2 == 0,
        PasswordEncoding.Utf8 => Utf8.IsValid(password),
        _ => false,
    };
}
