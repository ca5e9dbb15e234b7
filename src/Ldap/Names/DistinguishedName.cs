using System.Globalization;
using System.Text;

namespace PasswordSync.Ldap;

/// <summary>Writes distinguished names as RFC 4514 has them.</summary>
public static class DistinguishedName
{
    /// <summary>
    /// Escapes an attribute value for use in a distinguished name (RFC 4514, 2.4), so that whatever it holds stays one value.
    /// </summary>
    public static string Escape(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var escaped = new StringBuilder(value.Length + 8);
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            var atEdge = (i == 0 && c is ' ' or '#') || (i == value.Length - 1 && c == ' ');
            if (c < ' ' || c == '\x7f') escaped.Append(CultureInfo.InvariantCulture, $"\\{(int)c:X2}");
            else if (atEdge || c is '"' or '+' or ',' or ';' or '<' or '>' or '\\' or '=') escaped.Append('\\').Append(c);
            else escaped.Append(c);
        }

        return escaped.ToString();
    }

    /// <summary>The name of an object below another: <c>CN=value,parent</c> with the value escaped.</summary>
    public static string Child(string attributeType, string value, string parent)
    {
        ArgumentException.ThrowIfNullOrEmpty(attributeType);
        ArgumentNullException.ThrowIfNull(parent);
        var rdn = $"{attributeType}={Escape(value)}";
        return parent.Length == 0 ? rdn : $"{rdn},{parent}";
    }
}
