using System.Buffers.Binary;

namespace PasswordSync.Ldap.ActiveDirectory;

/// <summary>The replication metadata of one attribute of an object (MS-DRSR 5.11, AttributeStamp).</summary>
/// <param name="Version">dwVersion: rises by one with each originating write.</param>
/// <param name="OriginatingSecond">timeChanged: whole seconds since 1601-01-01 UTC.</param>
/// <param name="InvocationId">The invocation id of the DC that made the write.</param>
/// <param name="OriginatingUsn">The update sequence number of the write on that DC: the same for all attributes of one write.</param>
/// <param name="LocalUsn">The update sequence number under which the DC that was asked took the value: orders what it took.</param>
public readonly record struct AttributeMetadata(uint Version, long OriginatingSecond, Guid InvocationId, long OriginatingUsn, long LocalUsn);

/// <summary>
/// Reads the attribute <c>replPropertyMetaData</c> (replPropertyMetaDataBlob with PROPERTY_META_DATA_VECTOR V1, MS-DRSR 5.16.4 and the DRSBLOBS
/// interface of Samba): little-endian; version 1, reserved, count, reserved, then 48 bytes an attribute.
/// </summary>
public static class ReplicationMetadata
{
    /// <summary>The name of the attribute. It is not returned unless it is asked for.</summary>
    public const string AttributeName = "replPropertyMetaData";

    /// <summary>The attribute id of <c>unicodePwd</c>.</summary>
    public const uint UnicodePwd = 0x9005A;

    /// <summary>The attribute id of <c>pwdLastSet</c>.</summary>
    public const uint PwdLastSet = 0x90060;

    /// <summary>The attribute id of <c>sAMAccountName</c>.</summary>
    public const uint SamAccountName = 0x900DD;

    private const int HeaderLength = 16;
    private const int EntryLength = 48;

    /// <summary>The metadata of one attribute; null if the value is malformed or does not have it.</summary>
    public static AttributeMetadata? Find(ReadOnlySpan<byte> value, uint attributeId)
    {
        if (value.Length < HeaderLength || BinaryPrimitives.ReadUInt32LittleEndian(value) != 1) return null;
        var count = BinaryPrimitives.ReadUInt32LittleEndian(value[8..]);
        if (count > (value.Length - HeaderLength) / EntryLength) return null;
        for (var i = 0; i < count; i++)
        {
            var entry = value.Slice(HeaderLength + (i * EntryLength), EntryLength);
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry) != attributeId) continue;
            return new AttributeMetadata(
                BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
                BinaryPrimitives.ReadInt64LittleEndian(entry[8..]),
                new Guid(entry.Slice(16, 16)),
                BinaryPrimitives.ReadInt64LittleEndian(entry[32..]),
                BinaryPrimitives.ReadInt64LittleEndian(entry[40..]));
        }

        return null;
    }
}
