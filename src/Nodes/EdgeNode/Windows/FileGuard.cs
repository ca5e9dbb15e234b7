using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.Versioning;
using System.Security.AccessControl;

namespace PasswordSync.EdgeNode.Windows;

/// <summary>
/// Whether a file or folder is guarded: owned by SYSTEM or the administrators, and nobody else's to change. The filter holds its capture file to the same rule
/// (native/Filter/core/access.c); here the account is told, too. Reads a self-relative security descriptor itself ([MS-DTYP] 2.4.6), because .NET does so on
/// Windows only, where these rules could not be tested.
/// </summary>
public static class FileGuard
{
    private const int DescriptorHeader = 20;
    private const int ListHeader = 8;
    private const int EntryHeader = 8;
    private const int AccountHeader = 8;
    private const int SubAuthoritiesMax = 15;

    private const ushort ListPresent = 0x0004;
    private const ushort SelfRelative = 0x8000;
    private const byte Allowed = 0;
    private const byte Denied = 1;
    private const byte InheritOnly = 0x08;

    /// <summary>Writing, appending, attributes, a child's removal, DELETE, WRITE_DAC, WRITE_OWNER, and what is not mapped yet: generic writing and everything.</summary>
    private const uint Changing = 0x0000_0002 | 0x0000_0004 | 0x0000_0010 | 0x0000_0040 | 0x0000_0100 | 0x0001_0000 | 0x0004_0000 | 0x0008_0000 | 0x1000_0000 | 0x4000_0000;

    /// <summary>Reading of the content, and generic reading.</summary>
    private const uint Reading = 0x0000_0001 | 0x8000_0000;

    private const string LocalSystem = "S-1-5-18";
    private const string Administrators = "S-1-5-32-544";
    private const string Malformed = "who may use it cannot be told: its security descriptor is not understood";

    /// <summary>Looks at a file or folder of this machine.</summary>
    /// <param name="path">Which.</param>
    /// <param name="secret">Whether others may not even read it.</param>
    /// <returns>What is wrong, such as <c>S-1-5-32-545 may change it</c>; null if it is guarded.</returns>
    [SupportedOSPlatform("windows")]
    public static string? Look(string path, bool secret)
    {
        const AccessControlSections sections = AccessControlSections.Owner | AccessControlSections.Access;
        try
        {
            FileSystemSecurity security = Directory.Exists(path) ? new DirectoryInfo(path).GetAccessControl(sections) : new FileInfo(path).GetAccessControl(sections);
            return Judge(security.GetSecurityDescriptorBinaryForm(), secret);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return $"who may use it cannot be told: {failure.Message}";
        }
    }

    /// <summary>Judges a security descriptor.</summary>
    /// <param name="descriptor">Self-relative, with owner and access list.</param>
    /// <param name="secret">Whether others may not even read the object.</param>
    /// <returns>What is wrong, for people; null if nothing is.</returns>
    public static string? Judge(ReadOnlySpan<byte> descriptor, bool secret)
    {
        if (descriptor.Length < DescriptorHeader || descriptor[0] != 1) return Malformed;
        var control = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[2..]);
        if ((control & SelfRelative) == 0 || AccountAt(descriptor, BinaryPrimitives.ReadUInt32LittleEndian(descriptor[4..])) is not { } owner) return Malformed;
        if (!IsTrusted(owner)) return $"it belongs to {owner}, who may give himself every right";
        var list = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[16..]);
        if ((control & ListPresent) == 0 || list == 0) return "it has no access list, so everybody may change it";
        return list > descriptor.Length ? Malformed : JudgeList(descriptor[(int)list..], secret);
    }

    private static string? JudgeList(ReadOnlySpan<byte> list, bool secret)
    {
        if (list.Length < ListHeader) return Malformed;
        int size = BinaryPrimitives.ReadUInt16LittleEndian(list[2..]);
        if (size < ListHeader || size > list.Length) return Malformed;
        var rest = list[ListHeader..size];
        for (int left = BinaryPrimitives.ReadUInt16LittleEndian(list[4..]); left > 0; left--)
        {
            if (rest.Length < EntryHeader) return Malformed;
            int entry = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]);
            if (entry < EntryHeader || entry > rest.Length) return Malformed;
            if (JudgeEntry(rest[..entry], secret) is { } wrong) return wrong;
            rest = rest[entry..];
        }

        return null;
    }

    /// <summary>Entries that deny take nothing from the danger of one that allows, so they are not weighed.</summary>
    private static string? JudgeEntry(ReadOnlySpan<byte> entry, bool secret)
    {
        if (entry[0] == Denied || (entry[1] & InheritOnly) != 0) return null;
        if (entry[0] != Allowed || AccountAt(entry, EntryHeader) is not { } account) return Malformed;
        var rights = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
        if (IsTrusted(account)) return null;
        if ((rights & Changing) != 0) return $"{account} may change it";
        return secret && (rights & Reading) != 0 ? $"{account} may read it" : null;
    }

    /// <summary>The security identifier at an offset as text, such as S-1-5-18; null if it does not lie within the bytes.</summary>
    private static string? AccountAt(ReadOnlySpan<byte> bytes, uint offset)
    {
        if (offset > bytes.Length || bytes.Length - offset < AccountHeader) return null;
        var account = bytes[(int)offset..];
        int parts = account[1];
        if (account[0] != 1 || parts > SubAuthoritiesMax || account.Length < AccountHeader + (4 * parts)) return null;
        var authority = ((ulong)BinaryPrimitives.ReadUInt16BigEndian(account[2..]) << 32) | BinaryPrimitives.ReadUInt32BigEndian(account[4..]);
        var text = string.Create(CultureInfo.InvariantCulture, $"S-1-{authority}");
        for (var part = 0; part < parts; part++) text += string.Create(CultureInfo.InvariantCulture, $"-{BinaryPrimitives.ReadUInt32LittleEndian(account[(AccountHeader + (4 * part))..])}");
        return text;
    }

    private static bool IsTrusted(string account) => account is LocalSystem or Administrators;
}
