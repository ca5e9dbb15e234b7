using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.Scim;

/// <summary>The <c>Authorization</c> header of requests: a bearer token from a file, or one that OAuth gives for the client's credentials.</summary>
internal sealed class ScimAuthorization(ScimOptions options, ProviderContext context) : IDisposable
{
    private const int AnswerLengthMax = 64 * 1024;

    /// <summary>How long before its end a token is replaced; one that does not live twice as long is replaced after half its life.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(60);

    /// <summary>How long a token is used whose answer names no end.</summary>
    private static readonly TimeSpan LifetimeByDefault = TimeSpan.FromMinutes(5);

    /// <summary>A token that is refused within this time after it was given was never good for the request; later it may have been taken back.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    private readonly HttpTarget? authority = options.OAuth is { } oauth ? new HttpTarget(oauth.Http) : null;
    private volatile Given? given;

    /// <returns>The header, and whether it was given long enough ago to have been taken back since; or why there is none.</returns>
    public async Task<(AuthenticationHeaderValue? Header, bool IsOld, DeliveryOutcome? Obstacle)> GetAsync(CancellationToken cancellationToken)
    {
        var now = context.Time.GetUtcNow();
        if (given is { } kept && kept.Until > now) return (kept.Header, now - kept.At >= Fresh, null);
        var (header, obstacle) = options.OAuth is { } oauth
            ? await GetByOAuthAsync(oauth, cancellationToken)
            : await HeaderSecret.ReadAsync(context.Secrets, options.Token!, "The secret of token", token => new AuthenticationHeaderValue("Bearer", token), cancellationToken);
        return (header, false, obstacle);
    }

    /// <summary>Drops a token that the server refused, unless there is another one by now.</summary>
    public void Forget(AuthenticationHeaderValue refused)
    {
        if (given is { } kept && ReferenceEquals(kept.Header, refused)) Interlocked.CompareExchange(ref given, null, kept);
    }

    public void Dispose() => authority?.Dispose();

    private async Task<(AuthenticationHeaderValue?, DeliveryOutcome?)> GetByOAuthAsync(ScimOAuthOptions oauth, CancellationToken cancellationToken)
    {
        var (credentials, fault) = await HeaderSecret.ReadAsync(
            context.Secrets,
            oauth.ClientSecret,
            "The secret of clientSecret",
            secret => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(oauth.ClientId)}:{Uri.EscapeDataString(secret)}"))),
            cancellationToken);
        if (credentials is null) return (null, fault);
        var form = new Dictionary<string, string> { ["grant_type"] = "client_credentials" };
        if (oauth.Scope is { } scope) form["scope"] = scope;
        using var message = new HttpRequestMessage(HttpMethod.Post, oauth.Http.Url) { Content = new FormUrlEncodedContent(form) };
        message.Headers.Authorization = credentials;
        var (answer, obstacle) = await authority!.SendAsync(message, permit: null, AnswerLengthMax, cancellationToken);
        return answer is null ? (null, obstacle) : Take(oauth, answer);
    }

    private (AuthenticationHeaderValue?, DeliveryOutcome?) Take(ScimOAuthOptions oauth, HttpAnswer answer)
    {
        if (!answer.IsSuccess)
        {
            var reason = $"{oauth.Http.Server} refused a token with {(int)answer.Status}: {Redactor.Tidy(answer.Text)}";
            return (null, (int)answer.Status is 429 or >= 500
                ? HttpOutcomes.OfStatus((int)answer.Status, answer.RetryAfter, permit: null, context.Time.GetUtcNow(), reason)
                : new DeliveryOutcome.TargetMisconfigured($"{reason} Check tokenUrl, clientId, clientSecret and scope."));
        }

        using var body = answer.TryParse();
        if (body is not { RootElement: { ValueKind: JsonValueKind.Object } root } || !root.TryGetProperty("access_token", out var token) || token.ValueKind != JsonValueKind.String || token.GetString() is not { Length: > 0 } text)
        {
            return (null, new DeliveryOutcome.TargetMisconfigured($"{oauth.Http.Server} answered without an access_token: check tokenUrl."));
        }

        var lifetime = LifetimeOf(root);
        var now = context.Time.GetUtcNow();
        var fresh = new Given(new AuthenticationHeaderValue("Bearer", text), now, now + lifetime - (lifetime > 2 * Margin ? Margin : lifetime / 2));
        given = fresh;
        return (fresh.Header, null);
    }

    /// <summary>By <c>expires_in</c> (RFC 6749, 5.1), a number of seconds, which some servers write as a text.</summary>
    private static TimeSpan LifetimeOf(JsonElement root) =>
        root.TryGetProperty("expires_in", out var seconds) && seconds.ValueKind is JsonValueKind.Number or JsonValueKind.String
        && int.TryParse(seconds.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
            ? TimeSpan.FromSeconds(count)
            : LifetimeByDefault;

    private sealed record Given(AuthenticationHeaderValue Header, DateTimeOffset At, DateTimeOffset Until);
}
