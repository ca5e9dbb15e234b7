using System.Formats.Asn1;
using System.Text;

namespace PasswordSync.Ldap.Wire;

/// <summary>The few shapes that LDAP messages are made of.</summary>
internal static class AsnWriterExtensions
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes an LDAPString: UTF-8 in an OCTET STRING.</summary>
    /// <exception cref="EncoderFallbackException">The text holds a surrogate without its partner.</exception>
    public static void WriteText(this AsnWriter writer, string text, Asn1Tag? tag = null) => writer.WriteOctetString(Utf8.GetBytes(text), tag);

    /// <summary>Writes an ENUMERATED of 0 to 127.</summary>
    public static void WriteEnumerated(this AsnWriter writer, int value)
    {
        const byte enumeratedTag = 0x0A;
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)value, 127u, nameof(value));
        writer.WriteEncodedValue([enumeratedTag, 1, (byte)value]);
    }

    /// <summary>Writes a PartialAttribute: the description and a SET of values.</summary>
    public static void WriteAttribute(this AsnWriter writer, LdapAttribute attribute)
    {
        using (writer.PushSequence())
        {
            writer.WriteText(attribute.Name);
            using (writer.PushSetOf())
            {
                foreach (var value in attribute.Values) writer.WriteOctetString(value.Span);
            }
        }
    }
}
