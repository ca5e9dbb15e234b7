using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace PasswordSync.Lab;

/// <summary>
/// The token end point of the Microsoft identity platform for the client credentials grant: by secret, or by a signed assertion (RFC 7523),
/// whose algorithm, certificate, audience, lifetime and single use are checked.
/// </summary>
internal sealed class GraphTokens(string tenant, IReadOnlyList<GraphApplication> applications, TimeProvider time)
{
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, (GraphApplication Application, DateTimeOffset Until)> _tokens = new();
    private readonly ConcurrentDictionary<string, bool> _assertions = new();

    /// <summary>How many tokens were given.</summary>
    public int Given => _tokens.Count;

    /// <summary>What the next requests for a token are refused with.</summary>
    public ConcurrentQueue<(int Status, string? RetryAfter)> Refusals { get; } = new();

    /// <summary>The application that a request's token belongs to; null if there is none that holds.</summary>
    public GraphApplication? Of(HttpRequest request) =>
        request.Headers.Authorization.ToString() is var header && header.StartsWith("Bearer ", StringComparison.Ordinal)
        && _tokens.TryGetValue(header["Bearer ".Length..], out var token) && token.Until > time.GetUtcNow()
            ? token.Application
            : null;

    /// <summary>All tokens end at once, as after a revocation.</summary>
    public void Revoke() => _tokens.Clear();

    public async Task AnswerAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        string Field(string name) => form[name].ToString();
        if (Refusals.TryDequeue(out var refusal)) await RefuseAsync(context, refusal.Status, refusal.RetryAfter);
        else if (context.Request.RouteValues["tenant"] as string != tenant) await RefuseAsync(context, "invalid_request", "AADSTS90002: Tenant not found.");
        else if (Field("grant_type") != "client_credentials") await RefuseAsync(context, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.");
        else if (Field("scope").Split(' ').All(scope => scope != $"https://{context.Request.Host}/.default")) await RefuseAsync(context, "invalid_scope", $"AADSTS1002012: The provided value for scope {Field("scope")} is not valid.");
        else if (applications.FirstOrDefault(known => known.ClientId.ToString() == Field("client_id")) is not { } application) await RefuseAsync(context, "unauthorized_client", "AADSTS700016: Application was not found in the directory.");
        else if (Field("client_assertion_type") == AssertionType ? !Holds(application, Field("client_assertion"), context.Request) : application.Secret is null || Field("client_secret") != application.Secret)
            await RefuseAsync(context, "invalid_client", "AADSTS7000215: Invalid client secret or assertion provided.");
        else await GiveAsync(context, application);
    }

    private async Task GiveAsync(HttpContext context, GraphApplication application)
    {
        var payload = JsonSerializer.Serialize(new { appid = application.ClientId, tid = tenant, roles = application.Permissions, jti = Guid.NewGuid() });
        var token = $"{Encode("{\"typ\":\"JWT\",\"alg\":\"none\"}"u8)}.{Encode(Encoding.UTF8.GetBytes(payload))}.{Encode(RandomNumberGenerator.GetBytes(16))}";
        _tokens[token] = (application, time.GetUtcNow() + Lifetime);
        await context.Response.WriteAsJsonAsync(new { token_type = "Bearer", expires_in = (int)Lifetime.TotalSeconds, ext_expires_in = (int)Lifetime.TotalSeconds, access_token = token }, context.RequestAborted);
    }

    private bool Holds(GraphApplication application, string assertion, HttpRequest request)
    {
        if (application.Certificate is not { } certificate || assertion.Split('.') is not [var header, var payload, var signature]) return false;
        using var head = JsonDocument.Parse(Decode(header));
        using var claims = JsonDocument.Parse(Decode(payload));
        string? Head(string name) => head.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;
        string? Claim(string name) => claims.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;

        // RFC 7519 wants numbers; Microsoft's own library sends them as text, and its service takes both.
        long Seconds(string name) => claims.RootElement.TryGetProperty(name, out var value) && long.TryParse(value.ToString(), CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var padding = Head("alg") switch { "PS256" => RSASignaturePadding.Pss, "RS256" => RSASignaturePadding.Pkcs1, _ => null };
        var isOurs = Head("x5t#S256") == Encode(SHA256.HashData(certificate.RawData)) || Head("x5t") == Encode(certificate.GetCertHash());
        if (padding is null || !isOurs) return false;
        if (Claim("iss") != application.ClientId.ToString() || Claim("sub") != application.ClientId.ToString()) return false;
        if (Claim("aud")?.StartsWith($"https://{request.Host}/{tenant}/", StringComparison.Ordinal) != true) return false;
        if (Seconds("exp") <= now || Seconds("nbf") > now + 60 || Claim("jti") is not { } id || !_assertions.TryAdd(id, true)) return false;
        using var key = certificate.GetRSAPublicKey()!;
        return key.VerifyData(Encoding.ASCII.GetBytes($"{header}.{payload}"), Decode(signature), HashAlgorithmName.SHA256, padding);
    }

    private static async Task RefuseAsync(HttpContext context, int status, string? retryAfter)
    {
        if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
        await RefuseAsync(context, "temporarily_unavailable", "AADSTS90033: A transient error has occurred. Please try again.", status);
    }

    private static async Task RefuseAsync(HttpContext context, string error, string description, int? status = null)
    {
        context.Response.StatusCode = status ?? (error == "invalid_client" ? 401 : 400);
        await context.Response.WriteAsJsonAsync(new { error, error_description = description, error_codes = Array.Empty<int>(), correlation_id = Guid.NewGuid() }, context.RequestAborted);
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static byte[] Decode(string text) => Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '='));
}
