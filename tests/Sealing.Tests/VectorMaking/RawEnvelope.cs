using System.Buffers.Binary;
using System.Text;
using PasswordSync.Sealing.Hpke;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Sealing.Tests.VectorMaking;

/// <summary>
/// An envelope of which any part can be wrong, sealed all the same: an opener that forgets a check opens it. What is not set is as it should be.
/// </summary>
internal sealed record RawEnvelope
{
    public byte Format { get; init; } = 1;

    public byte Suite { get; init; } = 1;

    public KeyId KeyId { get; init; } = Material.Key.PublicKey.Id;

    public RawDescription Description { get; init; } = new();

    public int? DescriptionLength { get; init; }

    public byte[] Plaintext { get; init; } = Material.Plaintext(encoding: 2, length: 1, "p"u8);

    public PublicSealingKey Recipient { get; init; } = Material.Key.PublicKey;

    public string Info { get; init; } = "passwordsync/envelope/1";

    public HpkeAead Aead { get; init; } = HpkeAead.Aes256Gcm;

    public bool WithoutAssociatedData { get; init; }

    public bool AsSecondMessage { get; init; }

    /// <param name="name">Gives the ephemeral key.</param>
    public byte[] Seal(string name)
    {
        var description = Description.ToBytes();
        var header = new byte[20 + description.Length];
        header[0] = Format;
        header[1] = Suite;
        KeyId.Write(header.AsSpan(2));
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(18), (ushort)(DescriptionLength ?? description.Length));
        description.CopyTo(header, 20);

        using var ephemeral = Material.Ephemeral(name);
        var encapsulated = new byte[P256Point.Size];
        using var context = new HpkeBaseMode(Aead, Encoding.ASCII.GetBytes(Info)).SetUpSender(Recipient.Bytes, ephemeral, encapsulated);
        if (AsSecondMessage) context.Seal([], [], new byte[HpkeAeadSizes.Tag]);
        var sealedText = new byte[Plaintext.Length + HpkeAeadSizes.Tag];
        context.Seal(WithoutAssociatedData ? [] : header, Plaintext, sealedText);
        return [.. header, .. encapsulated, .. sealedText];
    }
}

/// <summary>A description of which any part can be wrong.</summary>
internal sealed record RawDescription
{
    public Guid CaptureId { get; init; } = Material.Description.CaptureId;

    public ulong CaptureTime { get; init; } = (ulong)(Material.CaptureTime.Ticks - new DateTime(1601, 1, 1).Ticks);

    public byte[] Cluster { get; init; } = "north"u8.ToArray();

    public byte[] Source { get; init; } = "ad.example"u8.ToArray();

    public byte[] DomainController { get; init; } = "dc1.ad.example"u8.ToArray();

    public byte[] AccountName { get; init; } = "ada"u8.ToArray();

    public int? AccountNameLength { get; init; }

    public byte[] After { get; init; } = [];

    public byte[] ToBytes()
    {
        var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(CaptureId.ToByteArray(bigEndian: true));
        writer.Write(CaptureTime);
        writer.Write(1104u);
        foreach (var text in new[] { Cluster, Source, DomainController })
        {
            writer.Write((byte)text.Length);
            writer.Write(text);
        }

        writer.Write((ushort)(AccountNameLength ?? AccountName.Length));
        writer.Write(AccountName);
        writer.Write(After);
        return stream.ToArray();
    }
}
