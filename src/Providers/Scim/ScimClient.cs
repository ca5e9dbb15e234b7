using System.Net;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.Scim;

/// <summary>A user as the server shows it.</summary>
/// <param name="Id">The server's own id.</param>
/// <param name="UserName">Its name, for people.</param>
internal sealed record ScimUser(string Id, string UserName);

/// <summary>Requests of SCIM (RFC 7644, 3).</summary>
internal sealed class ScimClient(ScimOptions options, ProviderContext context) : IDisposable
{
    public const string MediaType = "application/scim+json";

    private const int AnswerLengthMax = 1_024 * 1_024;

    /// <summary>How long it counts what a server said of itself.</summary>
    private static readonly TimeSpan FeaturesLifetime = TimeSpan.FromHours(1);

    private readonly HttpTarget target = new(options.Http);
    private readonly ScimAuthorization authorization = new(options, context);
    private volatile Known? known;

    /// <summary>What the server says of itself; a server that says nothing is taken to have the usual.</summary>
    public async Task<(ScimFeatures? Features, DeliveryOutcome? Obstacle)> FeaturesAsync(CancellationToken cancellationToken) =>
        known is { } kept && kept.Until > context.Time.GetUtcNow() ? (kept.Features, null) : await AskFeaturesAsync(cancellationToken);

    /// <summary>As above, and asks, whatever is known.</summary>
    public async Task<(ScimFeatures? Features, DeliveryOutcome? Obstacle)> AskFeaturesAsync(CancellationToken cancellationToken)
    {
        var (answer, obstacle) = await SendAsync(HttpMethod.Get, "ServiceProviderConfig", content: null, eTag: null, permit: null, cancellationToken);
        if (answer is null) return (null, obstacle);
        var isUnsaid = answer.Status is HttpStatusCode.NotFound or HttpStatusCode.NotImplemented;
        if (!answer.IsSuccess && !isUnsaid) return (null, Classify(answer));
        using var body = answer.TryParse();
        if (answer.IsSuccess && body is null) return (null, NoJson());
        var features = isUnsaid ? ScimFeatures.Unsaid : ScimFeatures.Of(body!.RootElement);
        known = new Known(features, context.Time.GetUtcNow() + FeaturesLifetime);
        return (features, null);
    }

    /// <returns>At most <see cref="AccountSearch.HitsMax"/>, or why there are none.</returns>
    public async Task<(IReadOnlyList<ScimUser> Users, DeliveryOutcome? Obstacle)> FindAsync(MatchRule rule, string value, CancellationToken cancellationToken)
    {
        // A value in a filter is a JSON string (RFC 7644, 3.4.2.2). Only what must be escaped is: some servers know no more.
        var filter = $"{rule.Target} eq \"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value)}\"";
        var (answer, obstacle) = await SendAsync(
            HttpMethod.Get, $"Users?filter={Uri.EscapeDataString(filter)}&attributes={AttributesFor(rule)}&startIndex=1&count={AccountSearch.HitsMax}", content: null, eTag: null, permit: null, cancellationToken);
        if (answer is null) return ([], obstacle);
        if (!answer.IsSuccess) return ([], Classify(answer));
        using var body = answer.TryParse();
        if (body is not { RootElement: { ValueKind: JsonValueKind.Object } root }) return ([], NoJson());
        if (!root.TryGetProperty("Resources", out var resources) || resources.ValueKind != JsonValueKind.Array) return ([], null);
        var shown = resources.EnumerateArray().ToList();
        return shown.Exists(user => IsAnother(user, rule.Target, value))
            ? ([], new DeliveryOutcome.TargetMisconfigured($"{options.Http.Server} answered the search for {rule.Target} '{value}' with a user who has another one: it does not search by this attribute. Change match."))
            : ([.. shown.Select(UserOf).OfType<ScimUser>()], null);
    }

    /// <summary>The whole user with its version, for a PUT.</summary>
    public async Task<(HttpAnswer? Answer, DeliveryOutcome? Obstacle)> ReadAsync(string id, CancellationToken cancellationToken) =>
        await SendAsync(HttpMethod.Get, PathOf(id), content: null, eTag: null, permit: null, cancellationToken);

    public async Task<(HttpAnswer? Answer, DeliveryOutcome? Obstacle)> WriteAsync(HttpMethod method, string id, PasswordJson body, string? eTag, WritePermit permit, CancellationToken cancellationToken)
    {
        using var content = new PasswordContent(body, permit, MediaType);
        return await SendAsync(method, PathOf(id), content, eTag, permit, cancellationToken);
    }

    public void Dispose()
    {
        target.Dispose();
        authorization.Dispose();
    }

    private async Task<(HttpAnswer? Answer, DeliveryOutcome? Obstacle)> SendAsync(HttpMethod method, string path, HttpContent? content, string? eTag, WritePermit? permit, CancellationToken cancellationToken)
    {
        var (header, isOld, obstacle) = await authorization.GetAsync(cancellationToken);
        if (header is null) return (null, obstacle);
        using var message = new HttpRequestMessage(method, $"{options.Http.Url.ToString().TrimEnd('/')}/{path}") { Content = content };
        message.Headers.Authorization = header;
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(MediaType));
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json", 0.5));
        if (eTag is not null) message.Headers.TryAddWithoutValidation("If-Match", eTag);
        var reply = await target.SendAsync(message, permit, AnswerLengthMax, cancellationToken);
        if (reply.Answer?.Status != HttpStatusCode.Unauthorized) return reply;
        authorization.Forget(header);
        return isOld ? (null, new DeliveryOutcome.Transient($"{options.Http.Server} does not take the token any more that it took before (401); the next attempt gets a new one.")) : reply;
    }

    private DeliveryOutcome Classify(HttpAnswer answer) => ScimResponses.Classify(answer, permit: null, context.Time.GetUtcNow(), Redactor.Tidy);

    private DeliveryOutcome.TargetMisconfigured NoJson() => new($"{options.Http.Server} did not answer with JSON: check url; /Users must be right below it.");

    /// <summary>With the attribute that was searched by, if it is one of its own.</summary>
    private static string AttributesFor(MatchRule rule) => rule.Target is "id" or "userName" || !rule.Target.All(char.IsAsciiLetterOrDigit) ? "id,userName" : $"id,userName,{rule.Target}";

    private static string PathOf(string id) => $"Users/{Uri.EscapeDataString(id)}";

    /// <summary>Whether a user is shown with another value of the attribute: a server that does not know a filter may answer with anybody. Case does not count; what is not shown, or within another attribute, is the server's word alone.</summary>
    private static bool IsAnother(JsonElement user, string attribute, string value) =>
        user.ValueKind == JsonValueKind.Object && user.TryGetProperty(attribute, out var found) && found.ValueKind == JsonValueKind.String && !value.Equals(found.GetString(), StringComparison.OrdinalIgnoreCase);

    /// <summary>An id is a text (RFC 7643, 3.1); servers that keep numbers show numbers.</summary>
    private static ScimUser? UserOf(JsonElement resource)
    {
        if (resource.ValueKind != JsonValueKind.Object || !resource.TryGetProperty("id", out var id)) return null;
        if (id.ValueKind is not (JsonValueKind.String or JsonValueKind.Number) || id.ToString() is not { Length: > 0 } key) return null;
        return new ScimUser(key, resource.TryGetProperty("userName", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString()! : key);
    }

    private sealed record Known(ScimFeatures Features, DateTimeOffset Until);
}
