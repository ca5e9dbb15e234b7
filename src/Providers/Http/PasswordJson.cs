using System.Security.Cryptography;
using System.Text.Json;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.Http;

/// <summary>A JSON text with a password, in memory that does not move and is wiped by <see cref="Dispose"/>.</summary>
internal sealed class PasswordJson : IDisposable
{
    private readonly byte[] bytes;

    private PasswordJson(byte[] bytes, int length)
    {
        this.bytes = bytes;
        Length = length;
    }

    public int Length { get; }

    public ReadOnlyMemory<byte> Bytes => bytes.AsMemory(0, Length);

    /// <summary>A text without a password.</summary>
    public static PasswordJson Plain(Action<Utf8JsonWriter> write)
    {
        var written = Write(write);
        return new PasswordJson(written, written.Length);
    }

    /// <summary>A text whose last value is the password.</summary>
    /// <param name="open">Writes everything up to and with the name of the password's property.</param>
    /// <param name="password">Well-formed text; stays the caller's.</param>
    /// <param name="close">What ends the text after the password: closing brackets.</param>
    public static PasswordJson With(Action<Utf8JsonWriter> open, Secret password, string close)
    {
        // The base library's JSON writer leaves copies in pooled buffers, so the password is escaped here, as ASCII (RFC 8259, 7).
        var head = Write(open);
        const int escapeLength = 6;
        var bytes = GC.AllocateUninitializedArray<byte>(head.Length + (escapeLength * password.Length) + 2 + close.Length, pinned: true);
        head.CopyTo(bytes, 0);
        var length = head.Length;
        bytes[length++] = (byte)'"';
        foreach (var c in password.Reveal()) length += Escape(c, bytes.AsSpan(length));
        bytes[length++] = (byte)'"';
        foreach (var c in close) bytes[length++] = (byte)c;
        return new PasswordJson(bytes, length);
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(bytes);

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream)) write(writer);
        return stream.ToArray();
    }

    private static int Escape(char c, Span<byte> to)
    {
        if (c is >= ' ' and < '\x7f' and not ('"' or '\\'))
        {
            to[0] = (byte)c;
            return 1;
        }

        ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
        to[0] = (byte)'\\';
        to[1] = (byte)'u';
        for (var i = 0; i < 4; i++) to[2 + i] = digits[(c >> (12 - (4 * i))) & 0xF];
        return 6;
    }

    /// <summary>How long it is, nothing else.</summary>
    public override string ToString() => $"[{Length} bytes]";
}
