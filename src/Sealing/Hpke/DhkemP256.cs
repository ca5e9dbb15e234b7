using System.Security.Cryptography;

namespace PasswordSync.Sealing.Hpke;

/// <summary>DHKEM(P-256, HKDF-SHA256) of RFC 9180, section 4.1: from one Diffie-Hellman agreement to a shared secret.</summary>
internal static class DhkemP256
{
    /// <summary>The registered identifier, RFC 9180, section 7.1.</summary>
    public const ushort Id = 0x0010;

    /// <summary>Nsecret of RFC 9180, in bytes.</summary>
    public const int SharedSecretSize = 32;

    private static ReadOnlySpan<byte> SuiteId => [(byte)'K', (byte)'E', (byte)'M', 0x00, 0x10];

    /// <summary>
    /// Agrees with the other's public key and writes the shared secret. The sender gives its ephemeral private key and the recipient's
    /// public key, the recipient its private key and the encapsulated one.
    /// </summary>
    /// <param name="own">One's own private key. Used by nobody else meanwhile.</param>
    /// <param name="other">The other's public key: a valid point.</param>
    /// <param name="encapsulated">The sender's ephemeral public key: "enc" of the RFC.</param>
    /// <param name="recipient">The recipient's public key.</param>
    /// <param name="sharedSecret">Exactly <see cref="SharedSecretSize"/> bytes; the caller wipes it.</param>
    public static void Agree(
        ECDiffieHellman own, ReadOnlySpan<byte> other, ReadOnlySpan<byte> encapsulated, ReadOnlySpan<byte> recipient, Span<byte> sharedSecret)
    {
        using var otherKey = ECDiffieHellman.Create(P256Point.ToParameters(other));
        using var otherPublicKey = otherKey.PublicKey;
        // The platform gives the agreed X coordinate in an ordinary array: it cannot be pinned, only wiped at once.
        var agreed = own.DeriveRawSecretAgreement(otherPublicKey);
        try
        {
            ExtractAndExpand(agreed, encapsulated, recipient, sharedSecret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(agreed);
        }
    }

    private static void ExtractAndExpand(
        ReadOnlySpan<byte> agreed, ReadOnlySpan<byte> encapsulated, ReadOnlySpan<byte> recipient, Span<byte> sharedSecret)
    {
        Span<byte> context = stackalloc byte[2 * P256Point.Size];
        encapsulated.CopyTo(context);
        recipient.CopyTo(context[P256Point.Size..]);
        Span<byte> pseudoRandomKey = stackalloc byte[LabeledHkdf.HashSize];
        try
        {
            LabeledHkdf.Extract(SuiteId, salt: [], "eae_prk"u8, agreed, pseudoRandomKey);
            LabeledHkdf.Expand(SuiteId, pseudoRandomKey, "shared_secret"u8, context, sharedSecret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pseudoRandomKey);
        }
    }
}
