using System.Security.Cryptography;
using System.Text.Json;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Webhook;

/// <summary>The bytes of a request's body, in memory that does not move and is wiped by <see cref="Dispose"/>.</summary>
internal sealed class WebhookBody : IDisposable
{
    public const string SetEvent = "password.set";
    public const string PingEvent = "ping";

    private readonly byte[] bytes;

    private WebhookBody(byte[] bytes, int length)
    {
        this.bytes = bytes;
        Length = length;
    }

    public int Length { get; }

    public ReadOnlyMemory<byte> Bytes => bytes.AsMemory(0, Length);

    /// <summary>A body that tests the way: it holds no password and asks for nothing.</summary>
    public static WebhookBody Ping(string point) => Plain(writer =>
    {
        writer.WriteString("event", PingEvent);
        writer.WriteString("syncPoint", point);
    });

    /// <summary>A body that asks to set a password, which must be well-formed text.</summary>
    public static WebhookBody Set(string point, SetRequest request, Secret password)
    {
        // The base library's JSON writer leaves copies in pooled buffers, so the password is escaped here, as ASCII (RFC 8259, 7).
        using var plain = Plain(writer =>
        {
            writer.WriteString("event", SetEvent);
            writer.WriteString("syncPoint", point);
            writer.WriteString("captureId", request.CaptureId.ToString());
            writer.WriteString("account", request.Target.Key);
            writer.WriteBoolean("mustChangeAtNextLogon", request.MustChangeAtNextLogon);
        });
        var head = plain.Bytes.Span[..^1];
        var lead = ",\"password\":\""u8;
        const int escapeLength = 6;
        var bytes = GC.AllocateUninitializedArray<byte>(head.Length + lead.Length + (escapeLength * password.Length) + 2, pinned: true);
        head.CopyTo(bytes);
        lead.CopyTo(bytes.AsSpan(head.Length));
        var length = head.Length + lead.Length;
        foreach (var c in password.Reveal()) length += Escape(c, bytes.AsSpan(length));
        "\"}"u8.CopyTo(bytes.AsSpan(length));
        return new WebhookBody(bytes, length + 2);
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(bytes);

    private static WebhookBody Plain(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return new WebhookBody(stream.ToArray(), (int)stream.Length);
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
