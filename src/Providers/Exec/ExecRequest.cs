using System.Text.Json;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;

namespace PasswordSync.Providers.Exec;

/// <summary>What a program finds in its standard input: docs/providers/exec.md.</summary>
/// <param name="point">The sync point's name.</param>
/// <param name="options">The settings.</param>
internal sealed class ExecRequest(string point, ExecOptions options)
{
    private const int Version = 1;

    public PasswordJson Find(TargetQuery query) => Of(
        "find",
        writer =>
        {
            writer.WriteString("captureId", query.CaptureId.ToString());
            writer.WriteStartObject("source");
            writer.WriteString("name", query.Account.Source.Value);
            writer.WriteString("objectGuid", query.Account.ObjectGuid);
            writer.WriteString("distinguishedName", query.Names.DistinguishedName);
            writer.WriteString("samAccountName", query.Names.SamAccountName);
            writer.WriteString("userPrincipalName", query.Names.UserPrincipalName);
            writer.WriteString("mail", query.Names.Mail);
            writer.WriteEndObject();
        },
        password: null);

    public PasswordJson Set(SetRequest request, Secret password) => Of(
        "set",
        writer =>
        {
            writer.WriteString("captureId", request.CaptureId.ToString());
            WriteAccount(writer, request.Target);
            writer.WriteString("mark", request.Baseline?.Value);
            writer.WriteBoolean("mustChangeAtNextLogon", request.MustChangeAtNextLogon);
        },
        password);

    public PasswordJson Probe(ProbeRequest request, Secret password) => Of(
        "probe",
        writer =>
        {
            WriteAccount(writer, request.Target);
            writer.WriteBoolean("isRecheck", request.Kind == AttemptKind.Recheck);
            writer.WriteString("against", request.Against?.Value);
        },
        password);

    public PasswordJson Verify() => Of("verify", _ => { }, password: null);

    private PasswordJson Of(string action, Action<Utf8JsonWriter> write, Secret? password)
    {
        return password is null
            ? PasswordJson.Plain(writer =>
            {
                Open(writer);
                writer.WriteEndObject();
            })
            : PasswordJson.With(
                writer =>
                {
                    Open(writer);
                    writer.WritePropertyName("password");
                },
                password,
                close: "}");

        void Open(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteNumber("protocol", Version);
            writer.WriteString("action", action);
            writer.WriteString("syncPoint", point);
            writer.WriteStartObject("parameters");
            foreach (var (name, value) in options.Parameters) writer.WriteString(name, value);
            writer.WriteEndObject();
            write(writer);
        }
    }

    private static void WriteAccount(Utf8JsonWriter writer, TargetAccount account)
    {
        writer.WriteStartObject("account");
        writer.WriteString("key", account.Key);
        writer.WriteString("name", account.DisplayName);
        writer.WriteEndObject();
    }
}
