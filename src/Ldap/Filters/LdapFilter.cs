using System.Formats.Asn1;
using System.Text;

namespace PasswordSync.Ldap;

/// <summary>
/// A search filter (RFC 4511, 4.5.1.7). Build it from values with the factories here, which need no escaping, or read it from text with
/// <see cref="Parse"/>. <see cref="ToString"/> gives the text of RFC 4515.
/// </summary>
public abstract class LdapFilter
{
    /// <summary>How deep filters may nest, whether built or parsed.</summary>
    public const int DepthMax = 32;

    /// <summary>How long the text of a filter may be, in characters.</summary>
    public const int TextLengthMax = 64 * 1024;

    private protected LdapFilter(int depth)
    {
        if (depth > DepthMax) throw new ArgumentException($"The filter nests deeper than {DepthMax}.");
        Depth = depth;
    }

    internal int Depth { get; }

    /// <summary>Matches if all of the given match; of none: matches always (RFC 4526).</summary>
    public static LdapFilter And(params IReadOnlyList<LdapFilter> filters) => new SetFilter(SetFilter.AndTag, filters);

    /// <summary>Matches if at least one of the given matches; of none: never (RFC 4526).</summary>
    public static LdapFilter Or(params IReadOnlyList<LdapFilter> filters) => new SetFilter(SetFilter.OrTag, filters);

    public static LdapFilter Not(LdapFilter filter) => new NotFilter(filter);

    public static LdapFilter Equal(string attribute, string value) => new AssertionFilter(AssertionFilter.EqualTag, attribute, Encoding.UTF8.GetBytes(value));

    /// <summary>As above for values that are not text, such as an objectSid.</summary>
    public static LdapFilter Equal(string attribute, ReadOnlyMemory<byte> value) => new AssertionFilter(AssertionFilter.EqualTag, attribute, value);

    /// <summary>Compares with a GUID in Active Directory's byte order, as objectGUID holds it.</summary>
    public static LdapFilter Equal(string attribute, Guid value) => Equal(attribute, (ReadOnlyMemory<byte>)value.ToByteArray());

    public static LdapFilter GreaterOrEqual(string attribute, string value) => new AssertionFilter(AssertionFilter.GreaterOrEqualTag, attribute, Encoding.UTF8.GetBytes(value));

    public static LdapFilter LessOrEqual(string attribute, string value) => new AssertionFilter(AssertionFilter.LessOrEqualTag, attribute, Encoding.UTF8.GetBytes(value));

    public static LdapFilter Approximate(string attribute, string value) => new AssertionFilter(AssertionFilter.ApproximateTag, attribute, Encoding.UTF8.GetBytes(value));

    /// <summary>Matches objects that have the attribute at all.</summary>
    public static LdapFilter Present(string attribute) => new PresentFilter(attribute);

    /// <summary>Matches values that begin, go on and end as given; each part may be null, one must not be.</summary>
    public static LdapFilter Substring(string attribute, string? initial, IReadOnlyList<string> any, string? final) =>
        new SubstringFilter(attribute, Bytes(initial), [.. any.Select(part => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(part))], Bytes(final));

    /// <summary>
    /// Matches by a named rule, such as 1.2.840.113556.1.4.803 (all these bits are set) of Active Directory.
    /// </summary>
    /// <param name="attribute">The attribute; null for every attribute that the rule fits.</param>
    /// <param name="rule">The matching rule's name or object identifier; null for the attribute's own equality.</param>
    /// <param name="value">The value to compare with.</param>
    /// <param name="dnAttributes">Whether the parts of the object's name take part as well.</param>
    public static LdapFilter Extensible(string? attribute, string? rule, string value, bool dnAttributes) =>
        new ExtensibleFilter(attribute, rule, Encoding.UTF8.GetBytes(value), dnAttributes);

    /// <summary>Reads the text form of RFC 4515.</summary>
    /// <exception cref="FormatException">The text is not a filter; the message says what was expected and where.</exception>
    public static LdapFilter Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new FilterParser(text).ParseWhole();
    }

    /// <summary>Escapes a value for use in a filter's text (RFC 4515, 3).</summary>
    public static string Escape(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return FilterText.Escape(Encoding.UTF8.GetBytes(value));
    }

    /// <summary>Escapes bytes for use in a filter's text, such as those of an objectGUID.</summary>
    public static string Escape(ReadOnlySpan<byte> value) => FilterText.Escape(value);

    /// <summary>The text of RFC 4515, which <see cref="Parse"/> reads back to the same filter.</summary>
    public sealed override string ToString()
    {
        var text = new StringBuilder();
        Append(text);
        return text.ToString();
    }

    internal abstract void Write(AsnWriter writer);

    internal abstract void Append(StringBuilder text);

    private static ReadOnlyMemory<byte>? Bytes(string? text) => text is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(text);
}
