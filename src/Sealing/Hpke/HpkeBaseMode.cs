using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PasswordSync.Sealing.Hpke;

/// <summary>
/// HPKE in base mode (RFC 9180, sections 5.1 and 5.1.1) with DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and a chosen AEAD, for one fixed info.
/// What the key schedule makes of the info alone is computed once. Thread-safe.
/// </summary>
internal sealed class HpkeBaseMode
{
    private const ushort HkdfSha256Id = 0x0001;
    private const byte ModeBase = 0x00;

    private readonly HpkeAead aead;
    private readonly byte[] suiteId = new byte[10];
    private readonly byte[] keyScheduleContext = new byte[1 + (2 * LabeledHkdf.HashSize)];

    /// <param name="info">Binds both sides to one purpose: the "info" of the RFC. At most 256 bytes.</param>
    public HpkeBaseMode(HpkeAead aead, ReadOnlySpan<byte> info)
    {
        this.aead = aead;
        "HPKE"u8.CopyTo(suiteId);
        BinaryPrimitives.WriteUInt16BigEndian(suiteId.AsSpan(4), DhkemP256.Id);
        BinaryPrimitives.WriteUInt16BigEndian(suiteId.AsSpan(6), HkdfSha256Id);
        BinaryPrimitives.WriteUInt16BigEndian(suiteId.AsSpan(8), (ushort)aead);

        keyScheduleContext[0] = ModeBase;
        LabeledHkdf.Extract(suiteId, salt: [], "psk_id_hash"u8, inputKeyMaterial: [], keyScheduleContext.AsSpan(1, LabeledHkdf.HashSize));
        LabeledHkdf.Extract(suiteId, salt: [], "info_hash"u8, info, keyScheduleContext.AsSpan(1 + LabeledHkdf.HashSize));
    }

    /// <summary>SetupBaseS. The caller owns the context.</summary>
    /// <param name="recipient">The recipient's public key: a valid point.</param>
    /// <param name="ephemeral">A key pair made for this one message.</param>
    /// <param name="encapsulated">Exactly <see cref="P256Point.Size"/> bytes: gets "enc".</param>
    public HpkeContext SetUpSender(ReadOnlySpan<byte> recipient, ECDiffieHellman ephemeral, Span<byte> encapsulated)
    {
        P256Point.Write(ephemeral, encapsulated);
        return SetUp(ephemeral, recipient, encapsulated, recipient);
    }

    /// <summary>SetupBaseR. The caller owns the context.</summary>
    /// <param name="recipientPrivate">The recipient's private key. Used by nobody else meanwhile.</param>
    /// <param name="recipient">The public key of <paramref name="recipientPrivate"/>.</param>
    /// <param name="encapsulated">"enc": a valid point.</param>
    public HpkeContext SetUpRecipient(ECDiffieHellman recipientPrivate, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> encapsulated) =>
        SetUp(recipientPrivate, encapsulated, encapsulated, recipient);

    private HpkeContext SetUp(ECDiffieHellman own, ReadOnlySpan<byte> other, ReadOnlySpan<byte> encapsulated, ReadOnlySpan<byte> recipient)
    {
        Span<byte> sharedSecret = stackalloc byte[DhkemP256.SharedSecretSize];
        try
        {
            DhkemP256.Agree(own, other, encapsulated, recipient, sharedSecret);
            return Schedule(sharedSecret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(sharedSecret);
        }
    }

    private HpkeContext Schedule(ReadOnlySpan<byte> sharedSecret)
    {
        Span<byte> secret = stackalloc byte[LabeledHkdf.HashSize];
        Span<byte> key = stackalloc byte[HpkeAeadSizes.KeyMax];
        key = key[..aead.KeySize()];
        Span<byte> baseNonce = stackalloc byte[HpkeAeadSizes.Nonce];
        try
        {
            LabeledHkdf.Extract(suiteId, salt: sharedSecret, "secret"u8, inputKeyMaterial: [], secret);
            LabeledHkdf.Expand(suiteId, secret, "key"u8, keyScheduleContext, key);
            LabeledHkdf.Expand(suiteId, secret, "base_nonce"u8, keyScheduleContext, baseNonce);
            return new HpkeContext(key, baseNonce);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
