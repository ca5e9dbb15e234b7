using System.Security.Cryptography;
using System.Text;

namespace PasswordSync.Providers.PostgreSqlRoles.Scram;

/// <summary>The code points of a password, in memory that does not move and is wiped by <see cref="Dispose"/>.</summary>
internal sealed class CodePoints(int capacity) : IDisposable
{
    private readonly int[] values = GC.AllocateArray<int>(capacity, pinned: true);

    public int Count { get; private set; }

    public Span<int> Span => values.AsSpan(0, Count);

    public static CodePoints Of(ReadOnlySpan<char> text)
    {
        var points = new CodePoints(text.Length);
        foreach (var rune in text.EnumerateRunes()) points.Add(rune.Value);
        return points;
    }

    public void Add(int codePoint) => values[Count++] = codePoint;

    public void Shorten(int count) => Count = count;

    /// <summary>The UTF-8 form, in an array that does not move; the caller wipes it.</summary>
    public byte[] ToUtf8()
    {
        var length = 0;
        foreach (var point in Span) length += new Rune(point).Utf8SequenceLength;
        var bytes = GC.AllocateArray<byte>(length, pinned: true);
        var at = 0;
        foreach (var point in Span) at += new Rune(point).EncodeToUtf8(bytes.AsSpan(at));
        return bytes;
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));

    /// <summary>How many, nothing else.</summary>
    public override string ToString() => $"[{Count} code points]";
}
