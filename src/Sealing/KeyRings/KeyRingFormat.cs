using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using PasswordSync.Sealing.Hpke;

namespace PasswordSync.Sealing.KeyRings;

/// <summary>A key ring's file as bytes: docs/spec/key-ring.md.</summary>
internal static class KeyRingFormat
{
    /// <summary>Above the length of the fullest ring.</summary>
    public const int LengthMax = 128 * 1_024;

    /// <summary>Tells one saved version from any other: the nonce is new in each.</summary>
    public const int HeaderLength = LengthOffset + sizeof(int);

    private const byte Format = 1;
    private const byte Pbkdf2HmacSha256 = 1;
    private const int FormatOffset = 8;
    private const int DerivationOffset = 9;
    private const int RoundsOffset = 10;
    private const int SaltOffset = RoundsOffset + sizeof(int);
    private const int NonceOffset = SaltOffset + WrappingKey.SaltSize;
    private const int LengthOffset = NonceOffset + HpkeAeadSizes.Nonce;
    private const int ChecksumSize = SHA256.HashSizeInBytes;

    private static ReadOnlySpan<byte> Magic => "PWSYRING"u8;

    /// <summary>Wraps a ring.</summary>
    public static byte[] Encode(KeyRing ring, WrappingKey wrappingKey)
    {
        var content = KeyRingContent.Write(ring);
        try
        {
            var file = new byte[HeaderLength + content.Length + HpkeAeadSizes.Tag + ChecksumSize];
            Magic.CopyTo(file);
            file[FormatOffset] = Format;
            file[DerivationOffset] = Pbkdf2HmacSha256;
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(RoundsOffset), wrappingKey.Rounds);
            wrappingKey.Salt.CopyTo(file.AsSpan(SaltOffset));
            var nonce = file.AsSpan(NonceOffset, HpkeAeadSizes.Nonce);
            RandomNumberGenerator.Fill(nonce);
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(LengthOffset), content.Length);

            var wrapped = file.AsSpan(HeaderLength, content.Length);
            var tag = file.AsSpan(HeaderLength + content.Length, HpkeAeadSizes.Tag);
            wrappingKey.Cipher.Encrypt(nonce, content, wrapped, tag, file.AsSpan(0, HeaderLength));
            SHA256.HashData(file.AsSpan(..^ChecksumSize), file.AsSpan(^ChecksumSize..));
            return file;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Unwraps a ring. The caller owns it and the key that opened it.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="passphrase">The passphrase.</param>
    /// <param name="roundsMin">A file with fewer rounds is refused: <see cref="WrappingKey.RoundsMin"/>.</param>
    /// <param name="ring">The ring.</param>
    /// <param name="wrappingKey">The key that opened it.</param>
    /// <param name="refusal">Why there is none.</param>
    public static bool TryDecode(
        ReadOnlySpan<byte> file,
        ReadOnlySpan<byte> passphrase,
        int roundsMin,
        [NotNullWhen(true)] out KeyRing? ring,
        [NotNullWhen(true)] out WrappingKey? wrappingKey,
        [NotNullWhen(false)] out KeyRingRefusal? refusal)
    {
        ring = null;
        wrappingKey = null;
        refusal = CheckStructure(file, roundsMin, out var contentLength);
        if (refusal is not null) return false;

        var derived = WrappingKey.Derive(
            passphrase, file.Slice(SaltOffset, WrappingKey.SaltSize), BinaryPrimitives.ReadInt32LittleEndian(file[RoundsOffset..]));
        if (TryUnwrap(file, contentLength, derived, out ring, out refusal))
        {
            wrappingKey = derived;
            return true;
        }

        derived.Dispose();
        return false;
    }

    private static bool TryUnwrap(
        ReadOnlySpan<byte> file,
        int contentLength,
        WrappingKey wrappingKey,
        [NotNullWhen(true)] out KeyRing? ring,
        [NotNullWhen(false)] out KeyRingRefusal? refusal)
    {
        ring = null;
        refusal = null;
        var content = GC.AllocateUninitializedArray<byte>(contentLength, pinned: true);
        try
        {
            var wrapped = file.Slice(HeaderLength, contentLength);
            var tag = file.Slice(HeaderLength + contentLength, HpkeAeadSizes.Tag);
            wrappingKey.Cipher.Decrypt(file.Slice(NonceOffset, HpkeAeadSizes.Nonce), wrapped, tag, content, file[..HeaderLength]);
            if (KeyRingContent.TryRead(content, out ring)) return true;
            refusal = Damaged("its content breaks the format although the passphrase opened it");
            return false;
        }
        catch (AuthenticationTagMismatchException)
        {
            refusal = new(KeyRingRefusalReason.WrongPassphrase, "The passphrase does not open the key ring: check what its reference points to.");
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    private static KeyRingRefusal? CheckStructure(ReadOnlySpan<byte> file, int roundsMin, out int contentLength)
    {
        contentLength = 0;
        if (file.Length <= DerivationOffset || !file.StartsWith(Magic)) return Damaged("it does not begin as a key ring");
        if (file[FormatOffset] != Format) return Unknown($"has format {file[FormatOffset]}; this version reads format {Format}");
        if (file[DerivationOffset] != Pbkdf2HmacSha256) return Unknown($"has key derivation {file[DerivationOffset]}; this version knows {Pbkdf2HmacSha256}");
        if (file.Length < HeaderLength + HpkeAeadSizes.Tag + ChecksumSize) return Damaged("it is cut short");
        Span<byte> checksum = stackalloc byte[ChecksumSize];
        SHA256.HashData(file[..^ChecksumSize], checksum);
        if (!checksum.SequenceEqual(file[^ChecksumSize..])) return Damaged("its checksum is wrong");

        var rounds = BinaryPrimitives.ReadInt32LittleEndian(file[RoundsOffset..]);
        if (rounds < roundsMin || rounds > WrappingKey.RoundsMax)
        {
            return Unknown($"asks for {rounds} rounds of PBKDF2; allowed are {roundsMin} to {WrappingKey.RoundsMax}");
        }

        contentLength = BinaryPrimitives.ReadInt32LittleEndian(file[LengthOffset..]);
        return contentLength == file.Length - HeaderLength - HpkeAeadSizes.Tag - ChecksumSize ? null : Damaged("its length is not what it says");
    }

    private static KeyRingRefusal Damaged(string how) =>
        new(KeyRingRefusalReason.Damaged, $"The key ring's file cannot be used: {how}. Take the file of another node of the cluster; keys are never in a backup.");

    private static KeyRingRefusal Unknown(string what) => new(KeyRingRefusalReason.UnknownVersion, $"The key ring's file {what}: run a newer version.");
}
