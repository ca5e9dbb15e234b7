using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.Redaction;

/// <summary>
/// Finds a password in a text, character by character, where each character may stand as itself or in one of the forms that
/// <see cref="CharacterForms"/> knows; the forms may be mixed. Also finds long parts of it, since targets cut texts off.
/// </summary>
internal static class EchoFinder
{
    /// <summary>A beginning of the password of this many characters is hidden too.</summary>
    private const int PrefixLengthMin = 6;

    /// <summary>Any run of the password of this many characters is hidden too.</summary>
    private const int RunLengthMin = 8;

    /// <summary>How many readings of one place are followed at the same time; more do not occur with the forms that there are.</summary>
    private const int ReadingsMax = 16;

    /// <summary>Sets <paramref name="hidden"/> at each character of <paramref name="text"/> that belongs to an echo.</summary>
    public static void MarkEchoes(string text, Secret password, Span<bool> hidden)
    {
        var points = GC.AllocateUninitializedArray<int>(password.Length, pinned: true);
        try
        {
            var characters = points.AsSpan(0, Decode(password.Reveal(), points));
            for (var at = 0; at < text.Length; at++)
            {
                for (var from = 0; from < characters.Length; from++)
                {
                    var length = LengthOfEcho(text, at, characters[from..], isBeginning: from == 0);
                    if (length > 0) hidden.Slice(at, length).Fill(true);
                }
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(points.AsSpan()));
        }
    }

    private static int Decode(ReadOnlySpan<char> text, Span<int> points)
    {
        var count = 0;
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out var rune, out var consumed) == OperationStatus.Done) points[count++] = rune.Value;
            else points[count++] = text[0];
            text = text[consumed..];
        }

        return count;
    }

    /// <returns>How much of the text is to be hidden from <paramref name="at"/> on; 0 if nothing.</returns>
    private static int LengthOfEcho(string text, int at, ReadOnlySpan<int> characters, bool isBeginning)
    {
        Span<int> readings = stackalloc int[ReadingsMax];
        Span<int> next = stackalloc int[ReadingsMax];
        readings[0] = at;
        var count = 1;
        var matched = 0;
        var end = at;
        while (matched < characters.Length)
        {
            var nextCount = 0;
            foreach (var reading in readings[..count])
            {
                nextCount = CharacterForms.Read(text, reading, characters[matched], next, nextCount);
            }

            if (nextCount == 0) break;
            matched++;
            next[..nextCount].CopyTo(readings);
            count = nextCount;
            foreach (var reading in readings[..count]) end = Math.Max(end, reading);
        }

        var isEnough = (isBeginning && (matched == characters.Length || matched >= PrefixLengthMin)) || matched >= RunLengthMin;
        return isEnough ? end - at : 0;
    }
}
