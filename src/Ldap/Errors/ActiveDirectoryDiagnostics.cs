using System.Globalization;

namespace PasswordSync.Ldap;

/// <summary>
/// Reads the numbers that Active Directory and Samba put into diagnostic texts. Numbers only, so that what is read here is safe to show.
/// </summary>
public static class ActiveDirectoryDiagnostics
{
    private const int ErrorCodeDigits = 8;
    private const string BindReasonMark = ", data ";

    /// <summary>
    /// The Windows error code that begins the text ("0000052D: ..."; MS-ADTS 3.1.1.3.1.9), such as 0x52D for a password that the policy
    /// refuses; null if the text does not begin with eight hexadecimal digits and a colon.
    /// </summary>
    public static uint? ErrorCode(LdapResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var text = result.DiagnosticMessage.AsSpan();
        return text.Length > ErrorCodeDigits && text[ErrorCodeDigits] == ':' ? Hexadecimal(text[..ErrorCodeDigits]) : null;
    }

    /// <summary>
    /// Why a bind was refused ("..., data 52e, v1db1"): 0x52E wrong name or password, 0x533 disabled, 0x701 expired, 0x773 must change
    /// the password, 0x775 locked; null if the text has no such part.
    /// </summary>
    public static uint? BindReason(LdapResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var text = result.DiagnosticMessage.AsSpan();
        var start = text.IndexOf(BindReasonMark, StringComparison.Ordinal);
        if (start < 0) return null;
        var rest = text[(start + BindReasonMark.Length)..];
        var end = rest.IndexOf(',');
        return end is > 0 and <= ErrorCodeDigits ? Hexadecimal(rest[..end]) : null;
    }

    private static uint? Hexadecimal(ReadOnlySpan<char> digits) =>
        uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : null;
}
