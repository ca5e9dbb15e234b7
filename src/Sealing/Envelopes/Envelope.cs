using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using PasswordSync.Sealing.Hpke;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Sealing.Envelopes;

/// <summary>The envelope, format 1: docs/spec/envelope.md. Here its layout, and what can be told of it without a key.</summary>
public static class Envelope
{
    /// <summary>The fewest bytes of an envelope.</summary>
    public const int LengthMin = LengthWithoutDescription + DescriptionFormat.LengthMin;

    /// <summary>The most bytes of an envelope.</summary>
    public const int LengthMax = LengthWithoutDescription + DescriptionFormat.LengthMax;

    /// <summary>The longest password that can be sealed, in bytes of its encoding.</summary>
    public const int PasswordBytesMax = PaddedPassword.PasswordBytesMax;

    internal const byte Format = 1;
    internal const byte Suite = 1;
    internal const int KeyIdOffset = 2;
    internal const int DescriptionLengthOffset = KeyIdOffset + KeyId.Size;
    internal const int DescriptionOffset = DescriptionLengthOffset + 2;
    internal const int SealedLength = PaddedPassword.Length + HpkeAeadSizes.Tag;
    private const int LengthWithoutDescription = DescriptionOffset + P256Point.Size + SealedLength;

    /// <summary>The cipher and purpose of format 1, suite 1.</summary>
    internal static readonly HpkeBaseMode Mode = new(HpkeAead.Aes256Gcm, "passwordsync/envelope/1"u8);

    /// <summary>
    /// Checks the structure and reads what is in clear. Nothing of it is proven yet: only opening authenticates. For those without a key: the
    /// edge and the intake.
    /// </summary>
    /// <param name="envelope">Any bytes.</param>
    /// <param name="description">What the envelope says of its capture.</param>
    /// <param name="keyId">The key that it says it is sealed to; the default if refused.</param>
    /// <param name="refusal">One of the reasons from <c>truncated</c> to <c>trailing-bytes</c>; null if the structure is right.</param>
    public static bool TryReadDescription(
        ReadOnlySpan<byte> envelope,
        [NotNullWhen(true)] out EnvelopeDescription? description,
        out KeyId keyId,
        [NotNullWhen(false)] out EnvelopeRefusal? refusal)
    {
        description = null;
        keyId = default;
        refusal = CheckHeader(envelope);
        if (refusal is not null) return false;

        var length = BinaryPrimitives.ReadUInt16LittleEndian(envelope[DescriptionLengthOffset..]);
        if (length is < DescriptionFormat.LengthMin or > DescriptionFormat.LengthMax)
        {
            refusal = new(
                EnvelopeRefusalReason.BadDescription,
                $"The description is said to have {length} bytes; {DescriptionFormat.LengthMin} to {DescriptionFormat.LengthMax} are possible.");
            return false;
        }

        if (envelope.Length < DescriptionOffset + length)
        {
            refusal = Truncated(envelope, DescriptionOffset + length);
            return false;
        }

        if (!DescriptionFormat.TryRead(envelope.Slice(DescriptionOffset, length), out description, out var fault))
        {
            refusal = new(EnvelopeRefusalReason.BadDescription, $"The description {fault}.");
            return false;
        }

        refusal = CheckLength(envelope, LengthWithoutDescription + length);
        if (refusal is not null)
        {
            description = null;
            return false;
        }

        keyId = new KeyId(envelope.Slice(KeyIdOffset, KeyId.Size));
        return true;
    }

    /// <summary>Where the associated data end and the encapsulated key begins, in an envelope whose structure is right.</summary>
    internal static int HeaderLength(ReadOnlySpan<byte> envelope) => envelope.Length - SealedLength - P256Point.Size;

    private static EnvelopeRefusal? CheckHeader(ReadOnlySpan<byte> envelope) => envelope switch
    {
        [] => Truncated(envelope, DescriptionOffset),
        [not Format, ..] => new(EnvelopeRefusalReason.UnknownFormat, $"The envelope has format {envelope[0]}; this version reads format {Format}."),
        [_] => Truncated(envelope, DescriptionOffset),
        [_, not Suite, ..] => new(EnvelopeRefusalReason.UnknownSuite, $"The envelope has suite {envelope[1]}; this version opens suite {Suite}."),
        { Length: < DescriptionOffset } => Truncated(envelope, DescriptionOffset),
        _ => null,
    };

    private static EnvelopeRefusal? CheckLength(ReadOnlySpan<byte> envelope, int needed) =>
        envelope.Length < needed ? Truncated(envelope, needed)
        : envelope.Length > needed ? new(EnvelopeRefusalReason.TrailingBytes, $"The envelope has {envelope.Length} bytes where it should end after {needed}.")
        : null;

    private static EnvelopeRefusal Truncated(ReadOnlySpan<byte> envelope, int needed) =>
        new(EnvelopeRefusalReason.Truncated, $"The envelope has {envelope.Length} bytes where at least {needed} are needed.");
}
