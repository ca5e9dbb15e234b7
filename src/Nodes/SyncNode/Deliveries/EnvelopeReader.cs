using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Secrets;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;
using PasswordSync.SyncNode.Intake;

namespace PasswordSync.SyncNode.Deliveries;

/// <summary>Opens the sealed secret of a change.</summary>
public sealed class EnvelopeReader(ISecretStore secrets, IPrivateKeySource keys, string cluster)
{
    /// <summary>Reads and opens the envelope of a change.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    public async ValueTask<SecretReading> ReadAsync(Change change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (await secrets.ReadAsync(change.CaptureId, cancellationToken).ConfigureAwait(false) is not { } envelope) return new SecretReading.Gone();
        return Open(envelope, change);
    }

    /// <summary>Reads and opens the envelope of a capture of a source, for a node that has opened it itself and so compared it with its account.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    public async ValueTask<SecretReading> ReadAsync(CaptureId captureId, SourceId source, CancellationToken cancellationToken)
    {
        if (await secrets.ReadAsync(captureId, cancellationToken).ConfigureAwait(false) is not { } envelope) return new SecretReading.Gone();
        return Open(envelope, captureId, source, change: null);
    }

    /// <summary>Opens an envelope that belongs to a change.</summary>
    public SecretReading Open(ReadOnlyMemory<byte> envelope, Change change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return Open(envelope, change.CaptureId, change.Account.Source, change);
    }

    private SecretReading Open(ReadOnlyMemory<byte> envelope, CaptureId captureId, SourceId source, Change? change)
    {
        var binding = new ExpectedBinding(cluster, source.Value, DomainController: null, captureId.Value);
        var opening = EnvelopeOpener.Open(envelope.Span, keys, binding);
        if (opening.Password is not { } password) return Explain(envelope, opening.Refusal!);
        using (password)
        {
            if (change is not null && !IsOf(opening.Description!, change))
            {
                return new SecretReading.Unusable($"The sealed secret is of the account {AccountBindings.Describe(opening.Description!)}, not of '{change.Names.SamAccountName}'.");
            }

            if (Decode(password) is not { } secret) return new SecretReading.Unusable("The password is not text in the encoding that the envelope names: the sealer is faulty.");
            if (!secret.IsEmpty) return new SecretReading.Opened(secret);
            secret.Dispose();
            return new SecretReading.Unusable("The password is empty; an empty password is never sent.");
        }
    }

    // A key that was destroyed is gone for good; one that this node has never seen may be on its way to it, or be in a backup.
    private SecretReading Explain(ReadOnlyMemory<byte> envelope, EnvelopeRefusal refusal)
    {
        var isMissing = refusal.Reason == EnvelopeRefusalReason.UnknownKey
            && Envelope.TryReadDescription(envelope.Span, out _, out var keyId, out _)
            && keys.Find(keyId).DestroyedAt is null;
        return isMissing
            ? new SecretReading.KeyMissing($"{refusal.Message} It is tried again, until the node has the key or the change is too old.")
            : new SecretReading.Unusable($"The sealed secret cannot be opened: {refusal}");
    }

    // Refused at the intake too; here the description is authentic, and what was stored may have been mixed up since.
    private static bool IsOf(EnvelopeDescription description, Change change) => AccountBindings.Compare(description, change.Names) switch
    {
        AccountBinding.Same => true,
        AccountBinding.OtherName => description.AccountName == change.CapturedAs,
        _ => false,
    };

    private static Secret? Decode(OpenedPassword password)
    {
        try
        {
            return password.Encoding == PasswordEncoding.Utf8 ? Secret.FromUtf8(password.Bytes) : Secret.FromUtf16(password.Bytes);
        }
        catch (ArgumentException)
        {
            // An odd number of bytes, or no UTF-8 (a DecoderFallbackException is an ArgumentException).
            return null;
        }
    }
}

/// <summary>What reading a secret came to. A closed set.</summary>
public abstract record SecretReading
{
    private SecretReading() { }

    /// <summary>The secret; whoever asked owns and disposes it.</summary>
    public sealed record Opened(Secret Secret) : SecretReading;

    /// <summary>Its row was deleted: no delivery needs it any more.</summary>
    public sealed record Gone : SecretReading;

    /// <summary>This node does not hold its key now.</summary>
    public sealed record KeyMissing(string Reason) : SecretReading;

    /// <summary>It can never be used.</summary>
    public sealed record Unusable(string Reason) : SecretReading;
}
