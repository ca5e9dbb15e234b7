using System.Globalization;
using System.Text;

namespace PasswordSync.Providers.Redaction;

/// <summary>
/// The forms in which one character may stand in a text: itself (in either case), escaped for JSON, C, SQL, XML, a URL, an LDAP filter or
/// quoted-printable, as UTF-8 read as Latin-1, or replaced because it is not ASCII.
/// </summary>
internal static class CharacterForms
{
    private static readonly (int Character, string Form)[] Named =
    [
        ('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&apos;"),
        (' ', "+"), ('\t', @"\t"), ('\n', @"\n"), ('\r', @"\r"), ('"', "\"\""), ('\'', "''"),
    ];

    /// <summary>Adds to <paramref name="ends"/> where the text goes on after each form of the character at <paramref name="at"/>.</summary>
    /// <returns>The new count.</returns>
    public static int Read(string text, int at, int character, Span<int> ends, int count)
    {
        if (at >= text.Length) return count;
        count = Add(text, LiteralEnd(text, at, character), ends, count);
        if (text[at] == '\\') count = Add(text, LiteralEnd(text, at + 1, character), ends, count);
        foreach (var (named, form) in Named)
        {
            if (named == character && string.CompareOrdinal(text, at, form, 0, form.Length) == 0) count = Add(text, at + form.Length, ends, count);
        }

        if (text[at] is '\\' or '%' or '&') count = Add(text, NumberEnd(text, at, character), ends, count);
        count = Add(text, BytesEnd(text, at, character), ends, count);
        if (character > 0x7F && text[at] is '?' or '\uFFFD') count = Add(text, at + 1, ends, count);
        return count;
    }

    /// <summary>A NUL after a character is what UTF-16 leaves where bytes are shown as text.</summary>
    private static int Add(string text, int end, Span<int> ends, int count)
    {
        if (end < 0) return count;
        if (end < text.Length && text[end] == '\0') end++;
        if (count == ends.Length || ends[..count].Contains(end)) return count;
        ends[count] = end;
        return count + 1;
    }

    private static int LiteralEnd(string text, int at, int character)
    {
        if (at >= text.Length) return -1;
        if (character <= char.MaxValue) return char.ToUpperInvariant(text[at]) == char.ToUpperInvariant((char)character) ? at + 1 : -1;
        return at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) && char.ConvertToUtf32(text[at], text[at + 1]) == character ? at + 2 : -1;
    }

    /// <summary><c>\uXXXX</c>, <c>%uXXXX</c> (two of them beyond the BMP), <c>&amp;#N;</c>, <c>&amp;#xH;</c>.</summary>
    private static int NumberEnd(string text, int at, int character)
    {
        if (text[at] == '&') return EntityEnd(text, at, character);
        if (character <= char.MaxValue) return UnitEnd(text, at, character);
        var rune = new Rune(character);
        Span<char> pair = stackalloc char[2];
        rune.EncodeToUtf16(pair);
        var middle = UnitEnd(text, at, pair[0]);
        return middle < 0 ? -1 : UnitEnd(text, middle, pair[1]);
    }

    private static int UnitEnd(string text, int at, int unit) =>
        at + 6 <= text.Length && text[at] is '\\' or '%' && text[at + 1] is 'u' or 'U'
            && int.TryParse(text.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && value == unit
            ? at + 6
            : -1;

    private static int EntityEnd(string text, int at, int character)
    {
        var end = text.IndexOf(';', at, Math.Min(12, text.Length - at));
        if (end < at + 3 || text[at + 1] != '#') return -1;
        var isHex = text[at + 2] is 'x' or 'X';
        var digits = text.AsSpan(at + (isHex ? 3 : 2), end - at - (isHex ? 3 : 2));
        var style = isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        return int.TryParse(digits, style, CultureInfo.InvariantCulture, out var value) && value == character ? end + 1 : -1;
    }

    /// <summary>The character's UTF-8 bytes, each as <c>%HH</c>, <c>=HH</c>, <c>\HH</c>, <c>\xHH</c>, <c>\OOO</c> or as a Latin-1 character.</summary>
    private static int BytesEnd(string text, int at, int character)
    {
        if (!Rune.TryCreate(character, out var rune)) return -1;
        Span<byte> bytes = stackalloc byte[4];
        foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
        {
            at = ByteEnd(text, at, value);
            if (at < 0) return -1;
        }

        return at;
    }

    /// <summary>The escaped form first: a backslash or a per cent sign may stand for itself or begin its own escape.</summary>
    private static int ByteEnd(string text, int at, byte value)
    {
        if (at >= text.Length) return -1;
        if (text[at] is '%' or '=' or '\\')
        {
            var digits = at + (text[at] == '\\' && at + 1 < text.Length && text[at + 1] is 'x' or 'X' ? 2 : 1);
            if (HexDigits.IsByte(text, digits, value)) return digits + 2;
            if (text[at] == '\\' && IsOctal(text, at + 1, value)) return at + 4;
        }

        return text[at] == value ? at + 1 : -1;
    }

    private static bool IsOctal(string text, int at, byte value)
    {
        if (at + 3 > text.Length) return false;
        var number = 0;
        foreach (var digit in text.AsSpan(at, 3))
        {
            if (digit is < '0' or > '7') return false;
            number = (number * 8) + (digit - '0');
        }

        return number == value;
    }
}
