using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using PasswordSync.Sealing.Hpke;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Sealing.KeyRings;

/// <summary>
/// A key ring on its way from one node to another: docs/spec/key-ring.md, "Transfer". Sealed to a key pair that the receiver made for this one transfer, so that
/// no private key stands in clear in any buffer between the two; who may ask for it is the connection's matter.
/// </summary>
public static class KeyRingTransfer
{
    /// <summary>The most bytes of a transfer.</summary>
    public const int LengthMax = KeyRingFormat.LengthMax;

    private const byte Format = 1;
    private const int HeaderLength = 1 + P256Point.Size;

    private static readonly HpkeBaseMode Mode = new(HpkeAead.Aes256Gcm, "passwordsync/key-ring-transfer/1"u8);

    /// <summary>Seals a ring.</summary>
    /// <param name="ring">What is sent.</param>
    /// <param name="receiver">The public half of the key that the receiver made for this transfer.</param>
    public static byte[] Seal(KeyRing ring, PublicSealingKey receiver)
    {
        ArgumentNullException.ThrowIfNull(ring);
        ArgumentNullException.ThrowIfNull(receiver);
        var content = KeyRingContent.Write(ring);
        try
        {
            var transfer = new byte[HeaderLength + content.Length + HpkeAeadSizes.Tag];
            transfer[0] = Format;
            using var ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
            using var context = Mode.SetUpSender(receiver.Bytes, ephemeral, transfer.AsSpan(1, P256Point.Size));
            context.Seal(transfer.AsSpan(0, HeaderLength), content, transfer.AsSpan(HeaderLength));
            return transfer;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Opens a transfer; false if it is not for this key, was altered, is of another format or of another cluster.</summary>
    /// <param name="transfer">What came.</param>
    /// <param name="receiver">The key that was made for it.</param>
    /// <param name="cluster">The cluster that the ring must be of.</param>
    /// <param name="ring">The caller owns it.</param>
    public static bool TryOpen(ReadOnlySpan<byte> transfer, PrivateSealingKey receiver, string cluster, [NotNullWhen(true)] out KeyRing? ring)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        ring = null;
        if (transfer.Length is < HeaderLength + HpkeAeadSizes.Tag or > LengthMax || transfer[0] != Format) return false;
        var encapsulated = transfer.Slice(1, P256Point.Size);
        if (!P256Point.IsValid(encapsulated) || !receiver.TrySetUpRecipient(Mode, encapsulated, out var context)) return false;
        var content = GC.AllocateUninitializedArray<byte>(transfer.Length - HeaderLength - HpkeAeadSizes.Tag, pinned: true);
        using (context)
        {
            try
            {
                if (!context.TryOpen(transfer[..HeaderLength], transfer[HeaderLength..], content) || !KeyRingContent.TryRead(content, out var read)) return false;
                if (read.Cluster == cluster) ring = read;
                else read.Dispose();
                return ring is not null;
            }
            finally
            {
                CryptographicOperations.ZeroMemory(content);
            }
        }
    }
}
