using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace PasswordSync.Ldap;

/// <summary>One object that a search found, with the attributes that were asked for and may be read.</summary>
public sealed class LdapEntry
{
    private readonly Dictionary<string, LdapAttribute> attributes;

    internal LdapEntry(string dn, Dictionary<string, LdapAttribute> attributes)
    {
        Dn = dn;
        this.attributes = attributes;
    }

    /// <summary>The distinguished name as the server writes it.</summary>
    public string Dn { get; }

    /// <summary>All attributes, in no order.</summary>
    public IReadOnlyCollection<LdapAttribute> Attributes => attributes.Values;

    /// <summary>Finds an attribute by its name, without regard to case.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out LdapAttribute? attribute) => attributes.TryGetValue(name, out attribute);

    /// <summary>The first value; null if there is none.</summary>
    public ReadOnlyMemory<byte>? GetBytes(string name) => TryGet(name, out var attribute) && attribute.Values.Count > 0 ? attribute.Values[0] : default(ReadOnlyMemory<byte>?);

    /// <summary>The first value as UTF-8 text; null if there is none.</summary>
    public string? GetString(string name) => GetBytes(name) is { } value ? Encoding.UTF8.GetString(value.Span) : null;

    /// <summary>All values as UTF-8 text; empty if there are none.</summary>
    public IReadOnlyList<string> GetStrings(string name) => TryGet(name, out var attribute) ? attribute.GetStrings() : [];

    /// <summary>The first value as a decimal number; null if there is none or it is not one.</summary>
    public long? GetInt64(string name) =>
        long.TryParse(GetString(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The first value as a GUID in Active Directory's byte order (first three fields little-endian); null if it has not 16 bytes.</summary>
    public Guid? GetGuid(string name) => GetBytes(name) is { Length: 16 } value ? new Guid(value.Span) : null;

    /// <summary>The first value as a security identifier in its text form, <c>S-1-5-...</c> (MS-DTYP 2.4.2.2); null if it is not one.</summary>
    public string? GetSid(string name)
    {
        const int headerLength = 8;
        if (GetBytes(name) is not { Length: >= headerLength } value) return null;
        var bytes = value.Span;
        var count = bytes[1];
        if (bytes.Length != headerLength + (4 * count)) return null;
        var authority = ((ulong)BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"S-{bytes[0]}-{authority}");
        for (var i = 0; i < count; i++)
            text.Append(CultureInfo.InvariantCulture, $"-{BinaryPrimitives.ReadUInt32LittleEndian(bytes[(headerLength + (4 * i))..])}");
        return text.ToString();
    }

    /// <summary>The name only.</summary>
    public override string ToString() => Dn;
}
