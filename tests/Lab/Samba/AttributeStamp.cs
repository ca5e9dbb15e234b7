using System.Buffers.Binary;

namespace PasswordSync.Lab;

/// <summary>
/// One entry of <c>replPropertyMetaData</c> (MS-DRSR 4.1.10.2.22, PROPERTY_META_DATA_EXT_VECTOR as stored), read by the lab
/// on its own so that tests do not judge the product by the product.
/// </summary>
/// <param name="Version">Rises by one with each originating write.</param>
/// <param name="OriginatingSecond">Seconds since 1601-01-01 UTC.</param>
/// <param name="InvocationId">The DC that wrote it.</param>
/// <param name="OriginatingUsn">That DC's update sequence number.</param>
public sealed record AttributeStamp(uint Version, long OriginatingSecond, Guid InvocationId, long OriginatingUsn)
{
    /// <summary>ATTRTYP of unicodePwd.</summary>
    public const uint UnicodePassword = 0x9005A;

    /// <summary>ATTRTYP of pwdLastSet.</summary>
    public const uint PasswordLastSet = 0x90060;

    private const int HeaderBytes = 16;
    private const int EntryBytes = 48;

    /// <summary>Finds one attribute's entry; null when the attribute was never set.</summary>
    internal static AttributeStamp? Find(ReadOnlySpan<byte> metaData, uint attribute)
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(metaData[8..]);
        for (var index = 0; index < count; index++)
        {
            var entry = metaData.Slice(HeaderBytes + (index * EntryBytes), EntryBytes);
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry) != attribute) continue;
            return new AttributeStamp(
                BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
                BinaryPrimitives.ReadInt64LittleEndian(entry[8..]),
                new Guid(entry.Slice(16, 16)),
                BinaryPrimitives.ReadInt64LittleEndian(entry[32..]));
        }

        return null;
    }
}
