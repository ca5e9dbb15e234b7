using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PasswordSync.Sealing.Hpke;

/// <summary>
/// The encryption context of RFC 9180, section 5.2: a key, a base nonce, and a sequence number that rises with each message. An envelope
/// is the message with number 0 and the only one of its context. Not thread-safe.
/// </summary>
internal sealed class HpkeContext : IDisposable
{
    private readonly AesGcm cipher;
    private readonly byte[] baseNonce;
    private ulong sequenceNumber;

    public HpkeContext(ReadOnlySpan<byte> key, ReadOnlySpan<byte> baseNonce)
    {
        cipher = new AesGcm(key, HpkeAeadSizes.Tag);
        this.baseNonce = baseNonce.ToArray();
    }

    /// <summary>Seals the next message.</summary>
    /// <param name="sealedText">Gets ciphertext and tag: exactly 16 bytes more than <paramref name="plaintext"/>.</param>
    public void Seal(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> sealedText)
    {
        Span<byte> nonce = stackalloc byte[HpkeAeadSizes.Nonce];
        WriteNonce(nonce);
        cipher.Encrypt(nonce, plaintext, sealedText[..^HpkeAeadSizes.Tag], sealedText[^HpkeAeadSizes.Tag..], associatedData);
        sequenceNumber = checked(sequenceNumber + 1);
    }

    /// <summary>
    /// Opens the next message; false if it is not authentic. The number rises only when a message was opened, as the RFC has it.
    /// </summary>
    /// <param name="plaintext">Exactly 16 bytes less than <paramref name="sealedText"/>; all zero when this returns false.</param>
    public bool TryOpen(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> sealedText, Span<byte> plaintext)
    {
        Span<byte> nonce = stackalloc byte[HpkeAeadSizes.Nonce];
        WriteNonce(nonce);
        try
        {
            cipher.Decrypt(nonce, sealedText[..^HpkeAeadSizes.Tag], sealedText[^HpkeAeadSizes.Tag..], plaintext, associatedData);
        }
        catch (AuthenticationTagMismatchException)
        {
            CryptographicOperations.ZeroMemory(plaintext);
            return false;
        }

        sequenceNumber = checked(sequenceNumber + 1);
        return true;
    }

    /// <summary>Forgets the key.</summary>
    public void Dispose() => cipher.Dispose();

    /// <summary>Always the same text: the key is not shown.</summary>
    public override string ToString() => "[HPKE context]";

    private void WriteNonce(Span<byte> nonce)
    {
        baseNonce.CopyTo(nonce);
        var low = nonce[^sizeof(ulong)..];
        BinaryPrimitives.WriteUInt64BigEndian(low, BinaryPrimitives.ReadUInt64BigEndian(low) ^ sequenceNumber);
    }
}
