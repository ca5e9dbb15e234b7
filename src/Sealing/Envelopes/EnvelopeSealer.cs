using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using PasswordSync.Sealing.Hpke;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Sealing.Envelopes;

/// <summary>
/// Seals passwords as the filter does. For what runs on .NET: the demo, the tests, hooks that are not native. Thread-safe.
/// </summary>
public static class EnvelopeSealer
{
    /// <summary>Seals one password with a fresh ephemeral key.</summary>
    /// <param name="description">Bound to the password, in clear.</param>
    /// <param name="key">The cluster's current key.</param>
    /// <param name="encoding">How <paramref name="password"/> stands for characters.</param>
    /// <param name="password">0 to 1,021 bytes of that encoding; the caller keeps and wipes them.</param>
    /// <param name="envelope">The envelope; the caller owns it.</param>
    /// <param name="refusal">Why the password cannot be sealed.</param>
    public static bool TrySeal(
        EnvelopeDescription description,
        PublicSealingKey key,
        PasswordEncoding encoding,
        ReadOnlySpan<byte> password,
        [NotNullWhen(true)] out byte[]? envelope,
        [NotNullWhen(false)] out SealingRefusal? refusal)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(key);
        envelope = null;
        refusal = Check(encoding, password);
        if (refusal is not null) return false;
        using var ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        envelope = SealWith(ephemeral, description, key, encoding, password);
        return true;
    }

    /// <summary>As <see cref="TrySeal"/>, for a password that is known to be sealable.</summary>
    /// <exception cref="ArgumentException">It is not. The message does not show it.</exception>
    public static byte[] Seal(EnvelopeDescription description, PublicSealingKey key, PasswordEncoding encoding, ReadOnlySpan<byte> password) =>
        TrySeal(description, key, encoding, password, out var envelope, out var refusal)
            ? envelope
            : throw new ArgumentException(refusal.Message, nameof(password));

    /// <summary>Seals with a given ephemeral key: deterministic, for vectors only. The password is checked before.</summary>
    internal static byte[] SealWith(
        ECDiffieHellman ephemeral, EnvelopeDescription description, PublicSealingKey key, PasswordEncoding encoding, ReadOnlySpan<byte> password)
    {
        var plaintext = GC.AllocateUninitializedArray<byte>(PaddedPassword.Length, pinned: true);
        try
        {
            PaddedPassword.Write(encoding, password, plaintext);
            return SealPlaintext(ephemeral, description, key, plaintext);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }
    }

    /// <summary>Seals 1,024 bytes whatever they are: for vectors of faulty sealers too.</summary>
    internal static byte[] SealPlaintext(ECDiffieHellman ephemeral, EnvelopeDescription description, PublicSealingKey key, ReadOnlySpan<byte> plaintext)
    {
        Span<byte> buffer = stackalloc byte[Envelope.LengthMax];
        buffer[0] = Envelope.Format;
        buffer[1] = Envelope.Suite;
        key.Id.Write(buffer[Envelope.KeyIdOffset..]);
        var descriptionLength = DescriptionFormat.Write(description, buffer[Envelope.DescriptionOffset..]);
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[Envelope.DescriptionLengthOffset..], checked((ushort)descriptionLength));

        var headerLength = Envelope.DescriptionOffset + descriptionLength;
        var sealedOffset = headerLength + P256Point.Size;
        using var context = Envelope.Mode.SetUpSender(key.Bytes, ephemeral, buffer[headerLength..sealedOffset]);
        context.Seal(buffer[..headerLength], plaintext, buffer.Slice(sealedOffset, Envelope.SealedLength));
        return buffer[..(sealedOffset + Envelope.SealedLength)].ToArray();
    }

    private static SealingRefusal? Check(PasswordEncoding encoding, ReadOnlySpan<byte> password) =>
        password.Length > PaddedPassword.PasswordBytesMax
            ? new(SealingRefusalReason.TooLong, $"The password has more than {PaddedPassword.PasswordBytesMax} bytes: it cannot be sealed.")
        : !PaddedPassword.IsWellFormed(encoding, password)
            ? new(SealingRefusalReason.Malformed, "The password's bytes are not of its encoding: it cannot be sealed.")
        : null;
}
