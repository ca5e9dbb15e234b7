using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;

namespace PasswordSync.Providers.Webhook;

/// <summary>The bodies of requests. The protocol is in <c>docs/providers/webhook.md</c>.</summary>
internal static class WebhookBodies
{
    public const string SetEvent = "password.set";
    public const string PingEvent = "ping";

    /// <summary>A body that tests the way: it holds no password and asks for nothing.</summary>
    public static PasswordJson Ping(string point) => PasswordJson.Plain(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("event", PingEvent);
        writer.WriteString("syncPoint", point);
        writer.WriteEndObject();
    });

    /// <summary>A body that asks to set a password, which must be well-formed text.</summary>
    public static PasswordJson Set(string point, SetRequest request, Secret password) => PasswordJson.With(
        writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("event", SetEvent);
            writer.WriteString("syncPoint", point);
            writer.WriteString("captureId", request.CaptureId.ToString());
            writer.WriteString("account", request.Target.Key);
            writer.WriteBoolean("mustChangeAtNextLogon", request.MustChangeAtNextLogon);
            writer.WritePropertyName("password");
        },
        password,
        close: "}");
}
