using System.Security.Cryptography;
using PasswordSync.Sealing.Hpke;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Sealing.Envelopes;

/// <summary>Opens envelopes. Thread-safe; costs a fraction of a millisecond of CPU, so open once per capture.</summary>
public static class EnvelopeOpener
{
    private static readonly EnvelopeRefusal NotAuthentic = new(
        EnvelopeRefusalReason.NotAuthentic, "The envelope was altered after it was sealed, or sealed to another key than it says.");

    private static readonly EnvelopeRefusal BadPoint = new(
        EnvelopeRefusalReason.BadPoint, "The envelope's encapsulated key is not an uncompressed point of P-256.");

    // One text for all kinds, so that nothing of a password shows.
    private static readonly EnvelopeRefusal BadPlaintext = new(
        EnvelopeRefusalReason.BadPlaintext, "The envelope is authentic, but its content is not a padded password: the sealer is faulty.");

    /// <summary>Opens one envelope, or refuses it with the first reason that applies, in the order of docs/spec/envelope.md.</summary>
    /// <param name="envelope">Any bytes.</param>
    /// <param name="keys">Where the private key is found.</param>
    /// <param name="expected">What the envelope must be bound to; null only where nothing is known of it.</param>
    /// <returns>The caller owns the password in it.</returns>
    public static EnvelopeOpening Open(ReadOnlySpan<byte> envelope, IPrivateKeySource keys, ExpectedBinding? expected)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (!Envelope.TryReadDescription(envelope, out var description, out var keyId, out var refusal)) return EnvelopeOpening.Refused(refusal);
        var found = keys.Find(keyId);
        if (found.Key is not { } key) return EnvelopeOpening.Refused(UnknownKey(keyId, found.DestroyedAt));

        var headerLength = Envelope.HeaderLength(envelope);
        var encapsulated = envelope.Slice(headerLength, P256Point.Size);
        if (!P256Point.IsValid(encapsulated)) return EnvelopeOpening.Refused(BadPoint);
        if (!key.TrySetUpRecipient(Envelope.Mode, encapsulated, out var context))
        {
            // Destroyed between the look-up and here.
            return EnvelopeOpening.Refused(UnknownKey(keyId, keys.Find(keyId).DestroyedAt));
        }

        using (context)
        {
            var sealedText = envelope[^Envelope.SealedLength..];
            return Decrypt(context, envelope[..headerLength], sealedText, description, expected);
        }
    }

    private static EnvelopeOpening Decrypt(
        HpkeContext context, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> sealedText, EnvelopeDescription description, ExpectedBinding? expected)
    {
        var plaintext = GC.AllocateUninitializedArray<byte>(PaddedPassword.Length, pinned: true);
        var handedOver = false;
        try
        {
            if (!context.TryOpen(associatedData, sealedText, plaintext)) return EnvelopeOpening.Refused(NotAuthentic);
            if (!PaddedPassword.TryRead(plaintext, out var encoding, out var length)) return EnvelopeOpening.Refused(BadPlaintext);
            if (expected?.Check(description) is { } wrongBinding) return EnvelopeOpening.Refused(wrongBinding);
            handedOver = true;
            return EnvelopeOpening.Opened(new OpenedPassword(plaintext, encoding, length), description);
        }
        finally
        {
            if (!handedOver) CryptographicOperations.ZeroMemory(plaintext);
        }
    }

    private static EnvelopeRefusal UnknownKey(KeyId id, DateTimeOffset? destroyedAt) => new(
        EnvelopeRefusalReason.UnknownKey,
        destroyedAt is { } at
            ? $"The envelope is sealed to key {id}, which was destroyed at {at:yyyy-MM-dd'T'HH:mm:ss'Z'}: the password in it is gone for good."
            : $"The envelope is sealed to key {id}, which this key ring does not hold.");
}
