using System.Text;
using PasswordSync.Capture.Listener;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Capture.Tests.Support;

/// <summary>Makes envelopes as the hook does.</summary>
public static class TestEnvelopes
{
    public static readonly EdgeBinding Binding = new("main", "alpha.test", "dc1.alpha.test");
    private static readonly PrivateSealingKey Key = PrivateSealingKey.Generate();

    public static PublicSealingKey PublicKey => Key.PublicKey;

    public static byte[] Seal(string account, DateTimeOffset capturedAt, Guid? captureId = null, uint relativeId = 0, string source = "alpha.test", string cluster = "main") =>
        EnvelopeSealer.Seal(
            new EnvelopeDescription(captureId ?? Guid.NewGuid(), capturedAt, relativeId, cluster, source, "dc1.alpha.test", account),
            Key.PublicKey,
            PasswordEncoding.Utf8,
            Encoding.UTF8.GetBytes("Canary-Passw0rd!"));

    public static string DropName(byte[] envelope)
    {
        Envelope.TryReadDescription(envelope, out var description, out _, out _);
        return $"{description!.CaptureId:N}.capture";
    }
}
