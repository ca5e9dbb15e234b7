using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.Passwordstate;

/// <summary>A record, without its password.</summary>
internal sealed record PasswordstateRecord(int Id, string Name);

/// <summary>Requests of Passwordstate's API with keys.</summary>
internal sealed class PasswordstateClient(PasswordstateOptions options, ProviderContext context) : IDisposable
{
    private const int AnswerLengthMax = 4 * 1_024 * 1_024;

    private readonly HttpTarget target = new(options.Http);

    /// <summary>The server finds what contains the value; here only what equals it counts.</summary>
    public async Task<(IReadOnlyList<PasswordstateRecord> Records, DeliveryOutcome? Obstacle)> FindAsync(MatchRule rule, string value, CancellationToken cancellationToken)
    {
        var (answer, obstacle) = await SendAsync(HttpMethod.Get, $"searchpasswords/{Text(options.List)}?{rule.Target}={Uri.EscapeDataString(value)}&ExcludePassword=true", content: null, permit: null, cancellationToken);
        if (answer is null) return ([], obstacle);
        if (answer.Status == HttpStatusCode.NotFound && PasswordstateResponses.ReadPhrase(answer).Contains("Not Found", StringComparison.OrdinalIgnoreCase)) return ([], null);
        if (!answer.IsSuccess) return ([], PasswordstateResponses.Classify(answer, permit: null, context.Time.GetUtcNow(), Redactor.Tidy));
        using var body = answer.TryParse();
        if (body is not { RootElement: { ValueKind: JsonValueKind.Array } root }) return ([], new DeliveryOutcome.TargetMisconfigured($"{options.Http.Server} did not answer with JSON: check url; /api must be right below it."));
        return ([.. root.EnumerateArray().Where(record => Matches(record, rule.Target, value)).Select(RecordOf).OfType<PasswordstateRecord>().Take(AccountSearch.HitsMax)], null);
    }

    public async Task<(HttpAnswer? Answer, DeliveryOutcome? Obstacle)> WriteAsync(int id, Secret password, WritePermit permit, CancellationToken cancellationToken)
    {
        using var body = PasswordJson.With(
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("PasswordID", id);
                writer.WritePropertyName("password");
            },
            password,
            close: "}");
        using var content = new PasswordContent(body, permit);
        return await SendAsync(HttpMethod.Put, "passwords", content, permit, cancellationToken);
    }

    /// <summary>Reads the record's password back, compares it, and wipes what was read.</summary>
    /// <returns>Whether it is this one; null with the reason if that cannot be told.</returns>
    public async Task<(bool? IsThere, string? Reason)> CheckAsync(int id, Secret password, CancellationToken cancellationToken)
    {
        var (answer, obstacle) = await SendAsync(HttpMethod.Get, $"passwords/{Text(id)}", content: null, permit: null, cancellationToken);
        if (answer is null) return (null, obstacle!.Explain());
        try
        {
            if (!answer.IsSuccess) return (null, PasswordstateResponses.Classify(answer, permit: null, context.Time.GetUtcNow(), text => Redactor.Redact(text, password)).Explain());
            using var body = answer.TryParse();
            return body is { RootElement: { ValueKind: JsonValueKind.Array } root } && root.GetArrayLength() == 1
                && root[0].ValueKind == JsonValueKind.Object && root[0].TryGetProperty("Password", out var kept) && kept.ValueKind == JsonValueKind.String
                ? (kept.ValueEquals(password.Reveal()), null)
                : (null, "Passwordstate did not show the record's password: let the list's API settings allow it.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(answer.Body);
        }
    }

    public void Dispose() => target.Dispose();

    private async Task<(HttpAnswer? Answer, DeliveryOutcome? Obstacle)> SendAsync(HttpMethod method, string path, HttpContent? content, WritePermit? permit, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(method, $"{options.Http.Url.ToString().TrimEnd('/')}/api/{path}") { Content = content };
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        var (key, obstacle) = await HeaderSecret.ReadAsync(context.Secrets, options.ApiKey, "The API key (apiKey)", key => key, cancellationToken);
        if (key is null) return (null, obstacle);
        message.Headers.Add("APIKey", key);
        return await target.SendAsync(message, permit, AnswerLengthMax, cancellationToken);
    }

    private bool Matches(JsonElement record, string field, string value) =>
        Is(record, field, value) && (options.Domain is not { } domain || Is(record, "Domain", domain));

    private static bool Is(JsonElement record, string field, string value) =>
        record.ValueKind == JsonValueKind.Object && record.TryGetProperty(field, out var found) && found.ValueKind == JsonValueKind.String && value.Equals(found.GetString(), StringComparison.OrdinalIgnoreCase);

    private static PasswordstateRecord? RecordOf(JsonElement record) =>
        record.TryGetProperty("PasswordID", out var id) && int.TryParse(id.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new PasswordstateRecord(number, record.TryGetProperty("Title", out var title) && title.ValueKind == JsonValueKind.String ? title.GetString()! : Text(number))
            : null;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
