using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using PasswordSync.Sealing.Hpke;

namespace PasswordSync.Sealing.KeyRings;

/// <summary>A key ring's file as bytes: docs/spec/key-ring.md.</summary>
internal static class KeyRingFormat
{
    /// <summary>The least rounds of PBKDF2 that are read, and the number that is written.</summary>
    public const int Iterations = 600_000;

    /// <summary>The most rounds that are read: a file cannot keep a node busy for minutes.</summary>
    public const int IterationsMax = 10_000_000;

    public const int PassphraseBytesMin = 12;

    public const int PassphraseBytesMax = 1_024;

    /// <summary>Above the length of the fullest ring.</summary>
    public const int LengthMax = 128 * 1_024;

    /// <summary>Tells one saved version from any other: the salt and the nonce are new in each.</summary>
    public const int HeaderLength = 62;

    private const byte Format = 1;
    private const byte Pbkdf2HmacSha256 = 1;
    private const int SaltOffset = 14;
    private const int SaltSize = 32;
    private const int NonceOffset = SaltOffset + SaltSize;
    private const int LengthOffset = NonceOffset + HpkeAeadSizes.Nonce;
    private const int ChecksumSize = SHA256.HashSizeInBytes;
    private const int WrappingKeySize = 32;

    private static ReadOnlySpan<byte> Magic => "PWSYRING"u8;

    /// <summary>Wraps a ring. A passphrase that does not protect is refused.</summary>
    public static bool TryEncode(
        KeyRing ring, ReadOnlySpan<byte> passphrase, [NotNullWhen(true)] out byte[]? file, [NotNullWhen(false)] out KeyRingRefusal? refusal)
    {
        file = null;
        refusal = passphrase.Length is >= PassphraseBytesMin and <= PassphraseBytesMax ? null : new(
            KeyRingRefusalReason.UnfitPassphrase,
            $"The key ring's passphrase has {passphrase.Length} bytes: use {PassphraseBytesMin} to {PassphraseBytesMax}.");
        if (refusal is not null) return false;

        var content = KeyRingContent.Write(ring);
        try
        {
            file = new byte[HeaderLength + content.Length + HpkeAeadSizes.Tag + ChecksumSize];
            Magic.CopyTo(file);
            file[8] = Format;
            file[9] = Pbkdf2HmacSha256;
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), Iterations);
            RandomNumberGenerator.Fill(file.AsSpan(SaltOffset, SaltSize + HpkeAeadSizes.Nonce));
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(LengthOffset), content.Length);

            using var cipher = Cipher(file, passphrase);
            var wrapped = file.AsSpan(HeaderLength, content.Length);
            var tag = file.AsSpan(HeaderLength + content.Length, HpkeAeadSizes.Tag);
            cipher.Encrypt(file.AsSpan(NonceOffset, HpkeAeadSizes.Nonce), content, wrapped, tag, file.AsSpan(0, HeaderLength));
            SHA256.HashData(file.AsSpan(..^ChecksumSize), file.AsSpan(^ChecksumSize..));
            return true;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Unwraps a ring; the caller owns it.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> file, ReadOnlySpan<byte> passphrase, [NotNullWhen(true)] out KeyRing? ring, [NotNullWhen(false)] out KeyRingRefusal? refusal)
    {
        ring = null;
        refusal = CheckStructure(file, out var contentLength);
        if (refusal is not null) return false;

        var content = GC.AllocateUninitializedArray<byte>(contentLength, pinned: true);
        try
        {
            using var cipher = Cipher(file, passphrase);
            var wrapped = file.Slice(HeaderLength, contentLength);
            var tag = file.Slice(HeaderLength + contentLength, HpkeAeadSizes.Tag);
            cipher.Decrypt(file.Slice(NonceOffset, HpkeAeadSizes.Nonce), wrapped, tag, content, file[..HeaderLength]);
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

    private static KeyRingRefusal? CheckStructure(ReadOnlySpan<byte> file, out int contentLength)
    {
        contentLength = 0;
        if (file.Length < 10 || !file.StartsWith(Magic)) return Damaged("it does not begin as a key ring");
        if (file[8] != Format) return Unknown($"has format {file[8]}; this version reads format {Format}");
        if (file[9] != Pbkdf2HmacSha256) return Unknown($"has key derivation {file[9]}; this version knows {Pbkdf2HmacSha256}");
        if (file.Length < HeaderLength + HpkeAeadSizes.Tag + ChecksumSize) return Damaged("it is cut short");
        Span<byte> checksum = stackalloc byte[ChecksumSize];
        SHA256.HashData(file[..^ChecksumSize], checksum);
        if (!checksum.SequenceEqual(file[^ChecksumSize..])) return Damaged("its checksum is wrong");

        var iterations = BinaryPrimitives.ReadInt32LittleEndian(file[10..]);
        if (iterations is < Iterations or > IterationsMax) return Unknown($"asks for {iterations} rounds of PBKDF2; allowed are {Iterations} to {IterationsMax}");
        contentLength = BinaryPrimitives.ReadInt32LittleEndian(file[LengthOffset..]);
        return contentLength == file.Length - HeaderLength - HpkeAeadSizes.Tag - ChecksumSize ? null : Damaged("its length is not what it says");
    }

    private static AesGcm Cipher(ReadOnlySpan<byte> file, ReadOnlySpan<byte> passphrase)
    {
        Span<byte> wrappingKey = stackalloc byte[WrappingKeySize];
        try
        {
            var iterations = BinaryPrimitives.ReadInt32LittleEndian(file[10..]);
            Rfc2898DeriveBytes.Pbkdf2(passphrase, file.Slice(SaltOffset, SaltSize), wrappingKey, iterations, HashAlgorithmName.SHA256);
            return new AesGcm(wrappingKey, HpkeAeadSizes.Tag);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(wrappingKey);
        }
    }

    private static KeyRingRefusal Damaged(string how) =>
        new(KeyRingRefusalReason.Damaged, $"The key ring's file cannot be used: {how}. Take the file of another node of the cluster; keys are never in a backup.");

    private static KeyRingRefusal Unknown(string what) => new(KeyRingRefusalReason.UnknownVersion, $"The key ring's file {what}: run a newer version.");
}
