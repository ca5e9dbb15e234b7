using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using PasswordSync.Sealing.Hpke;

namespace PasswordSync.Sealing.KeyRings;

/// <summary>
/// The key that wraps a ring's content, derived from the passphrase. Derivation is slow on purpose, so one that opened a file also saves the
/// next version. Not thread-safe.
/// </summary>
internal sealed class WrappingKey : IDisposable
{
    /// <summary>The least rounds of PBKDF2 that are read, and the number that a new ring gets.</summary>
    public const int RoundsMin = 600_000;

    /// <summary>The most rounds that are read: a file cannot keep a node busy for minutes.</summary>
    public const int RoundsMax = 10_000_000;

    /// <summary>The size of the salt, in bytes.</summary>
    public const int SaltSize = 32;

    public const int PassphraseBytesMin = 12;

    public const int PassphraseBytesMax = 1_024;

    private const int KeySize = 32;

    private readonly byte[] salt;

    private WrappingKey(AesGcm cipher, ReadOnlySpan<byte> salt, int rounds)
    {
        Cipher = cipher;
        this.salt = salt.ToArray();
        Rounds = rounds;
    }

    public AesGcm Cipher { get; }

    public ReadOnlySpan<byte> Salt => salt;

    public int Rounds { get; }

    /// <summary>Derives the key of a new ring, with a new salt. A passphrase that does not protect is refused. The caller owns the key.</summary>
    /// <param name="passphrase">The passphrase.</param>
    /// <param name="rounds"><see cref="RoundsMin"/>; fewer only where nothing is protected, in tests of what is done with rings.</param>
    /// <param name="key">The key.</param>
    /// <param name="refusal">Why there is none.</param>
    public static bool TryCreate(
        ReadOnlySpan<byte> passphrase, int rounds, [NotNullWhen(true)] out WrappingKey? key, [NotNullWhen(false)] out KeyRingRefusal? refusal)
    {
        key = null;
        refusal = null;
        if (passphrase.Length is < PassphraseBytesMin or > PassphraseBytesMax)
        {
            refusal = new(
                KeyRingRefusalReason.UnfitPassphrase,
                $"The key ring's passphrase has {passphrase.Length} bytes: use {PassphraseBytesMin} to {PassphraseBytesMax}.");
            return false;
        }

        Span<byte> salt = stackalloc byte[SaltSize];
        RandomNumberGenerator.Fill(salt);
        key = Derive(passphrase, salt, rounds);
        return true;
    }

    /// <summary>Derives the key of an existing ring. The caller owns it.</summary>
    /// <param name="rounds">Checked before: <see cref="RoundsMin"/> to <see cref="RoundsMax"/>.</param>
    public static WrappingKey Derive(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, int rounds)
    {
        Span<byte> key = stackalloc byte[KeySize];
        try
        {
            Rfc2898DeriveBytes.Pbkdf2(passphrase, salt, key, rounds, HashAlgorithmName.SHA256);
            return new WrappingKey(new AesGcm(key, HpkeAeadSizes.Tag), salt, rounds);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Forgets the key.</summary>
    public void Dispose() => Cipher.Dispose();

    /// <summary>Always the same text: the key is not shown.</summary>
    public override string ToString() => "[wrapping key]";
}
