using System.Buffers;
using System.Globalization;
using System.Text;

namespace PasswordSync.Ldap;

/// <summary>Reads the text form of RFC 4515 by recursive descent, within <see cref="LdapFilter.DepthMax"/>.</summary>
internal sealed class FilterParser
{
    private static readonly SearchValues<char> DescriptionCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.;=_");

    private static readonly SearchValues<char> AttributeStops = SearchValues.Create("=<>~:()");

    private static readonly SearchValues<char> ValueStops = SearchValues.Create("\\*()\0");

    private readonly string text;
    private int position;

    public FilterParser(string text)
    {
        if (text.Length > LdapFilter.TextLengthMax)
            throw new FormatException($"The filter has {text.Length} characters; at most {LdapFilter.TextLengthMax} are allowed.");
        this.text = text;
    }

    /// <summary>Checks an attribute description or a rule (RFC 4512, 1.4 and 2.5; underscores occur in practice).</summary>
    public static string VerifyDescription(string description)
    {
        if (string.IsNullOrEmpty(description) || description.AsSpan().ContainsAnyExcept(DescriptionCharacters))
            throw new ArgumentException("An attribute or a rule is named by letters, digits, '-', '.', '_' and options after ';'.");
        return description;
    }

    public LdapFilter ParseWhole()
    {
        try
        {
            var filter = ParseFilter(1);
            return position == text.Length ? filter : throw Expected("the end");
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"Not a filter, at character {position}: {e.Message}", e);
        }
    }

    private LdapFilter ParseFilter(int depth)
    {
        if (depth > LdapFilter.DepthMax) throw new FormatException($"The filter nests deeper than {LdapFilter.DepthMax}.");
        Take('(');
        LdapFilter filter;
        switch (Peek())
        {
            case '&':
                position++;
                filter = LdapFilter.And(ParseList(depth));
                break;
            case '|':
                position++;
                filter = LdapFilter.Or(ParseList(depth));
                break;
            case '!':
                position++;
                filter = LdapFilter.Not(ParseFilter(depth + 1));
                break;
            default:
                filter = ParseItem();
                break;
        }

        Take(')');
        return filter;
    }

    private List<LdapFilter> ParseList(int depth)
    {
        var filters = new List<LdapFilter>();
        while (Peek() == '(') filters.Add(ParseFilter(depth + 1));
        return filters;
    }

    private LdapFilter ParseItem()
    {
        var end = text.AsSpan(position).IndexOfAny(AttributeStops);
        if (end < 0) throw Expected("a comparison");
        var attribute = text.Substring(position, end);
        position += end;
        switch (Peek())
        {
            case '=':
                position++;
                return ParseEquality(attribute);
            case '>':
                return ParseAssertion(AssertionFilter.GreaterOrEqualTag, attribute);
            case '<':
                return ParseAssertion(AssertionFilter.LessOrEqualTag, attribute);
            case '~':
                return ParseAssertion(AssertionFilter.ApproximateTag, attribute);
            case ':':
                return ParseExtensible(attribute);
            default:
                throw Expected("one of = >= <= ~= :=");
        }
    }

    private AssertionFilter ParseAssertion(int tag, string attribute)
    {
        position++;
        Take('=');
        return new AssertionFilter(tag, attribute, ParseValue());
    }

    private LdapFilter ParseEquality(string attribute)
    {
        var parts = new List<ReadOnlyMemory<byte>> { ParseValue() };
        while (Peek() == '*')
        {
            position++;
            parts.Add(ParseValue());
        }

        if (parts.Count == 1) return new AssertionFilter(AssertionFilter.EqualTag, attribute, parts[0]);
        if (parts.Count == 2 && parts[0].IsEmpty && parts[1].IsEmpty) return new PresentFilter(attribute);
        return new SubstringFilter(attribute, NullIfEmpty(parts[0]), parts[1..^1], NullIfEmpty(parts[^1]));
    }

    private ExtensibleFilter ParseExtensible(string attribute)
    {
        var end = text.IndexOf(":=", position, StringComparison.Ordinal);
        if (end < 0) throw Expected("':='");
        var dnAttributes = false;
        string? rule = null;
        if (end > position)
        {
            foreach (var part in text[(position + 1)..end].Split(':'))
            {
                if (!dnAttributes && rule is null && string.Equals(part, "dn", StringComparison.OrdinalIgnoreCase)) dnAttributes = true;
                else if (rule is null) rule = part;
                else throw Expected("':='");
            }
        }

        position = end + 2;
        return new ExtensibleFilter(attribute.Length == 0 ? null : attribute, rule, ParseValue(), dnAttributes);
    }

    /// <summary>Reads up to what ends a value: <c>*</c>, <c>)</c>, <c>(</c> or the end of the text.</summary>
    private byte[] ParseValue()
    {
        var value = new ArrayBufferWriter<byte>();
        while (Peek() is not ('*' or '(' or ')' or '\0'))
        {
            if (text[position] == '\\')
            {
                if (position + 3 > text.Length || !byte.TryParse(text.AsSpan(position + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
                    throw Expected("two hexadecimal digits after '\\'");
                value.Write([octet]);
                position += 3;
                continue;
            }

            var run = text.AsSpan(position);
            var stop = run.IndexOfAny(ValueStops);
            if (stop >= 0) run = run[..stop];
            Encoding.UTF8.GetBytes(run, value);
            position += run.Length;
        }

        return value.WrittenSpan.ToArray();
    }

    private static ReadOnlyMemory<byte>? NullIfEmpty(ReadOnlyMemory<byte> part) => part.IsEmpty ? default(ReadOnlyMemory<byte>?) : part;

    /// <summary>The next character; NUL, which a filter's text cannot hold unescaped, at the end.</summary>
    private char Peek() => position < text.Length ? text[position] : '\0';

    private void Take(char expected)
    {
        if (Peek() != expected) throw Expected($"'{expected}'");
        position++;
    }

    private FormatException Expected(string what) => new($"Not a filter: {what} was expected at character {position}.");
}
