using System.Formats.Asn1;
using System.Text;

namespace PasswordSync.Ldap.Wire;

/// <summary>Reads the few shapes that LDAP messages are made of.</summary>
internal static class AsnReaderExtensions
{
    private const int EnumeratedBytesMax = 4;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads an OCTET STRING without copying; LDAP allows the primitive form only.</summary>
    public static ReadOnlyMemory<byte> ReadOctets(this AsnReader reader, Asn1Tag? tag = null) =>
        reader.TryReadPrimitiveOctetString(out var contents, tag)
            ? contents
            : throw LdapException.Protocol("The server's message has a string in parts, which RFC 4511 forbids.");

    /// <summary>Reads an LDAPString.</summary>
    public static string ReadText(this AsnReader reader, Asn1Tag? tag = null)
    {
        var octets = reader.ReadOctets(tag);
        try
        {
            return Strict.GetString(octets.Span);
        }
        catch (DecoderFallbackException)
        {
            // Without the inner exception: it shows the bytes.
            throw LdapException.Protocol("The server's message has a text that is not UTF-8.");
        }
    }

    /// <summary>Reads text that is only shown; what is not UTF-8 becomes U+FFFD. Active Directory ends such texts with a NUL.</summary>
    public static string ReadLenientText(this AsnReader reader) => Encoding.UTF8.GetString(reader.ReadOctets().Span).TrimEnd('\0');

    /// <summary>Reads an ENUMERATED that is not negative.</summary>
    public static int ReadEnumerated(this AsnReader reader)
    {
        var bytes = reader.ReadEnumeratedBytes().Span;
        if (bytes.Length > EnumeratedBytesMax) throw LdapException.Protocol("The server's message has a code that is too large.");
        var value = 0;
        foreach (var part in bytes) value = (value << 8) | part;
        return value >= 0 && bytes[0] < 0x80 ? value : throw LdapException.Protocol("The server's message has a negative code.");
    }
}
