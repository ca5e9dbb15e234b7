using System.Globalization;
using System.Text;

namespace PasswordSync.Ldap;

/// <summary>The escapes of RFC 4515: a backslash and two hexadecimal digits for each byte.</summary>
internal static class FilterText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>UTF-8 stays readable; bytes that are not UTF-8 make the whole value be written byte by byte.</summary>
    public static string Escape(ReadOnlySpan<byte> value)
    {
        string text;
        try
        {
            text = Strict.GetString(value);
        }
        catch (DecoderFallbackException)
        {
            var bytewise = new StringBuilder(3 * value.Length);
            foreach (var part in value) bytewise.Append(CultureInfo.InvariantCulture, $"\\{part:x2}");
            return bytewise.ToString();
        }

        var escaped = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c is '*' or '(' or ')' or '\\' || c < ' ' || c == '\x7f') escaped.Append(CultureInfo.InvariantCulture, $"\\{(int)c:x2}");
            else escaped.Append(c);
        }

        return escaped.ToString();
    }
}
