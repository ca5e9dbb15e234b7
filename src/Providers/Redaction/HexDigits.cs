namespace PasswordSync.Providers.Redaction;

/// <summary>Two hexadecimal digits of either case.</summary>
internal static class HexDigits
{
    /// <summary>Whether the text has this byte at the place.</summary>
    public static bool IsByte(string text, int at, byte value) =>
        at + 2 <= text.Length && Digit(text[at]) == value >> 4 && Digit(text[at + 1]) == (value & 0xF);

    private static int Digit(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'f' => c - 'a' + 10,
        >= 'A' and <= 'F' => c - 'A' + 10,
        _ => -1,
    };
}
