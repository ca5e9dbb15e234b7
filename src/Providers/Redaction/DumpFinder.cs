using System.Security.Cryptography;
using System.Text;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.Redaction;

/// <summary>Finds a password in dumps of bytes: hexadecimal with or without separators, and base64, of its UTF-8 and UTF-16 forms.</summary>
internal static class DumpFinder
{
    /// <summary>A run of this many bytes of a hexadecimal dump is hidden even if it is not the whole password.</summary>
    private const int RunLengthMin = 8;

    /// <summary>So much of a base64 text is compared; the rest of its run is hidden with it.</summary>
    private const int Base64LengthMax = 16;

    /// <summary>At most this much stands between two bytes of a dump (<c>, 0x</c>).</summary>
    private const int SeparatorLengthMax = 4;

    /// <summary>Sets <paramref name="hidden"/> at each character of <paramref name="text"/> that belongs to a dump of the password.</summary>
    public static void MarkDumps(string text, Secret password, Span<bool> hidden)
    {
        foreach (var encoding in (Encoding[])[Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode])
        {
            var bytes = GC.AllocateUninitializedArray<byte>(encoding.GetByteCount(password.Reveal()), pinned: true);
            try
            {
                encoding.GetBytes(password.Reveal(), bytes);
                MarkHex(text, bytes, hidden);
                MarkBase64(text, bytes, hidden);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(bytes);
            }
        }
    }

    private static void MarkHex(string text, ReadOnlySpan<byte> bytes, Span<bool> hidden)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (!char.IsAsciiHexDigit(text[at])) continue;
            for (var from = 0; from < bytes.Length; from++)
            {
                var (count, end) = ReadHex(text, at, bytes[from..]);
                if (count >= RunLengthMin || (from == 0 && count == bytes.Length)) hidden[at..end].Fill(true);
            }
        }
    }

    private static (int Count, int End) ReadHex(string text, int at, ReadOnlySpan<byte> bytes)
    {
        var end = at;
        for (var i = 0; i < bytes.Length; i++)
        {
            var start = i == 0 ? at : SkipSeparators(text, end, bytes[i]);
            if (!HexDigits.IsByte(text, start, bytes[i])) return (i, end);
            end = start + 2;
        }

        return (bytes.Length, end);
    }

    private static int SkipSeparators(string text, int at, byte next)
    {
        for (var skipped = 0; skipped <= SeparatorLengthMax && at + skipped < text.Length; skipped++)
        {
            if (HexDigits.IsByte(text, at + skipped, next)) return at + skipped;
            if (text[at + skipped] is not (' ' or ':' or '-' or ',' or '\\' or '0' or 'x' or 'X' or '\t' or '%')) break;
        }

        return at;
    }

    private static void MarkBase64(string text, ReadOnlySpan<byte> bytes, Span<bool> hidden)
    {
        var standard = text.Replace('-', '+').Replace('_', '/');
        var shifted = GC.AllocateArray<byte>(bytes.Length + 2, pinned: true);
        var encoded = GC.AllocateArray<char>(((bytes.Length + 2 + 2) / 3 * 4) + 4, pinned: true);
        try
        {
            // What stands before the password in the encoded bytes shifts its digits: there are three ways to fall.
            for (var before = 0; before < 3; before++)
            {
                shifted.AsSpan().Clear();
                bytes.CopyTo(shifted.AsSpan(before));
                Convert.TryToBase64Chars(shifted.AsSpan(0, before + bytes.Length), encoded, out _);
                var first = ((before * 8) + 5) / 6;
                var whole = encoded.AsSpan(first, ((before + bytes.Length) * 8 / 6) - first);
                MarkRuns(standard, whole[..Math.Min(whole.Length, Base64LengthMax)], hidden);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(shifted);
            CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(encoded.AsSpan()));
        }
    }

    private static void MarkRuns(string text, ReadOnlySpan<char> digits, Span<bool> hidden)
    {
        for (var at = text.AsSpan().IndexOf(digits); at >= 0;)
        {
            var start = at;
            while (start > 0 && IsBase64(text[start - 1])) start--;
            var end = at + digits.Length;
            while (end < text.Length && IsBase64(text[end])) end++;
            hidden[start..end].Fill(true);
            var further = text.AsSpan(end).IndexOf(digits);
            at = further < 0 ? -1 : end + further;
        }
    }

    private static bool IsBase64(char c) => char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '=';
}
