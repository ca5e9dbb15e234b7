using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Sealing.KeyRings;

/// <summary>What the passphrase protects: docs/spec/key-ring.md, "Content".</summary>
internal static class KeyRingContent
{
    private const int FixedLength = sizeof(ulong) + 1 + 2 + 2;
    private const int KeyLength = PrivateSealingKey.ScalarSize + PublicSealingKey.Size + (3 * sizeof(long));
    private const int DestroyedKeyLength = KeyId.Size + (2 * sizeof(long));

    /// <summary>"Not decided" among the times: no key is made in 1601.</summary>
    private const long NoTime = 0;

    /// <returns>A pinned array that holds the private keys in clear: the caller wipes it.</returns>
    public static byte[] Write(KeyRing ring)
    {
        var cluster = Encoding.UTF8.GetBytes(ring.Cluster);
        var length = FixedLength + cluster.Length + (ring.Keys.Length * KeyLength) + (ring.DestroyedKeys.Length * DestroyedKeyLength);
        var content = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        BinaryPrimitives.WriteUInt64LittleEndian(content, ring.Revision);
        content[8] = checked((byte)cluster.Length);
        cluster.CopyTo(content, 9);
        var rest = content.AsSpan(9 + cluster.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(rest, checked((ushort)ring.Keys.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(rest[2..], checked((ushort)ring.DestroyedKeys.Length));
        rest = rest[4..];
        foreach (var key in ring.Keys)
        {
            key.PrivateKey.CopyScalar(rest[..PrivateSealingKey.ScalarSize]);
            key.PublicKey.Bytes.CopyTo(rest[PrivateSealingKey.ScalarSize..]);
            rest = rest[(PrivateSealingKey.ScalarSize + PublicSealingKey.Size)..];
            WriteTime(ref rest, key.CreatedAt);
            WriteTime(ref rest, key.PublishedFrom);
            WriteTime(ref rest, key.RetiresAt);
        }

        foreach (var destroyed in ring.DestroyedKeys)
        {
            destroyed.Id.Write(rest);
            rest = rest[KeyId.Size..];
            WriteTime(ref rest, destroyed.CreatedAt);
            WriteTime(ref rest, destroyed.DestroyedAt);
        }

        return content;
    }

    /// <param name="ring">The caller owns it.</param>
    public static bool TryRead(ReadOnlySpan<byte> content, [NotNullWhen(true)] out KeyRing? ring)
    {
        ring = null;
        if (content.Length < FixedLength) return false;
        var revision = BinaryPrimitives.ReadUInt64LittleEndian(content);
        int clusterLength = content[8];
        if (clusterLength is 0 or > EnvelopeDescription.ClusterBytesMax || content.Length < FixedLength + clusterLength) return false;
        var cluster = content.Slice(9, clusterLength);
        if (!Utf8.IsValid(cluster)) return false;

        var rest = content[(9 + clusterLength)..];
        var keyCount = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        var destroyedCount = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]);
        rest = rest[4..];
        if (keyCount > KeyRing.KeysMax || destroyedCount > KeyRing.DestroyedKeysMax) return false;
        if (rest.Length != (keyCount * KeyLength) + (destroyedCount * DestroyedKeyLength)) return false;
        if (!TryReadKeys(ref rest, keyCount, out var keys)) return false;
        ring = new KeyRing(Encoding.UTF8.GetString(cluster), revision, keys, ReadDestroyedKeys(rest, destroyedCount));
        return true;
    }

    private static bool TryReadKeys(ref ReadOnlySpan<byte> rest, int count, out ImmutableArray<RingKey> keys)
    {
        var read = ImmutableArray.CreateBuilder<RingKey>(count);
        for (var i = 0; i < count; i++)
        {
            if (!PublicSealingKey.TryRead(rest.Slice(PrivateSealingKey.ScalarSize, PublicSealingKey.Size), out var publicKey)
                || !PrivateSealingKey.TryImport(rest[..PrivateSealingKey.ScalarSize], publicKey, out var privateKey))
            {
                foreach (var key in read) key.PrivateKey.Dispose();
                keys = [];
                return false;
            }

            rest = rest[(PrivateSealingKey.ScalarSize + PublicSealingKey.Size)..];
            read.Add(new RingKey(privateKey, ReadTime(ref rest) ?? EnvelopeDescription.TimeOrigin, ReadTime(ref rest), ReadTime(ref rest)));
        }

        keys = read.MoveToImmutable();
        return true;
    }

    private static ImmutableArray<DestroyedKey> ReadDestroyedKeys(ReadOnlySpan<byte> rest, int count)
    {
        var read = ImmutableArray.CreateBuilder<DestroyedKey>(count);
        for (var i = 0; i < count; i++)
        {
            var id = new KeyId(rest[..KeyId.Size]);
            rest = rest[KeyId.Size..];
            read.Add(new DestroyedKey(id, ReadTime(ref rest) ?? EnvelopeDescription.TimeOrigin, ReadTime(ref rest) ?? EnvelopeDescription.TimeOrigin));
        }

        return read.MoveToImmutable();
    }

    private static void WriteTime(ref Span<byte> rest, DateTimeOffset? time)
    {
        BinaryPrimitives.WriteInt64LittleEndian(rest, time is { } at ? (at - EnvelopeDescription.TimeOrigin).Ticks : NoTime);
        rest = rest[sizeof(long)..];
    }

    /// <summary>The content is authentic, so a time out of bounds is a bug of the writer: <see cref="ArgumentOutOfRangeException"/>.</summary>
    private static DateTimeOffset? ReadTime(ref ReadOnlySpan<byte> rest)
    {
        var ticks = BinaryPrimitives.ReadInt64LittleEndian(rest);
        rest = rest[sizeof(long)..];
        return ticks == NoTime ? null : EnvelopeDescription.TimeOrigin.AddTicks(ticks);
    }
}
