using System.Text.Json;
using Microsoft.Graph;
using Microsoft.Graph.Models;
using Microsoft.Graph.Models.ODataErrors;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Abstractions.Serialization;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;

namespace PasswordSync.Providers.EntraId;

/// <summary>
/// Microsoft Graph's own client without its retries and redirections, since a write must not be repeated behind our back, and with a body for
/// passwords that is bytes and is wiped, where the client's models take strings only.
/// </summary>
internal sealed class GraphConnection : IDisposable
{
    // The client's word for any status that is not a success, redirections too: they are not followed.
    private static readonly Dictionary<string, ParsableFactory<IParsable>> Errors = new() { ["XXX"] = ODataError.CreateFromDiscriminatorValue };

    private readonly EntraIdOptions options;
    private readonly HttpTarget target;
    private readonly EntraCredential credential;
    private readonly Lazy<GraphServiceClient> client;

    public GraphConnection(EntraIdOptions options, EntraCredential credential)
    {
        this.options = options;
        this.credential = credential;
        target = new HttpTarget(options.Graph);
        client = new Lazy<GraphServiceClient>(Connect, LazyThreadSafetyMode.PublicationOnly);
    }

    public GraphServiceClient Client => client.Value;

    /// <summary>Sets a user's password.</summary>
    public async Task SetPasswordAsync(string userId, Secret password, bool mustChange, WritePermit permit, CancellationToken cancellationToken)
    {
        using var body = PasswordJson.With(writer => Open(writer, mustChange), password, close: "}}");
        using var content = new PasswordContent(body, permit);
        var request = Client.Users[userId].ToPatchRequestInformation(new User());
        request.Headers.Add("x-ms-throttle-priority", options.Priority.ToString());
        request.AddRequestOptions([new PasswordBody(content)]);
        await Client.RequestAdapter.SendNoContentAsync(request, Errors, cancellationToken);
    }

    /// <summary>What having no answer means; null if the exception is none of those that are expected.</summary>
    public DeliveryOutcome? Explain(Exception exception, WritePermit? permit) => exception is TokenRefusedException refused ? refused.Outcome : target.Explain(exception, permit);

    public void Dispose()
    {
        if (client.IsValueCreated) client.Value.Dispose();
        target.Dispose();
    }

    private static void Open(Utf8JsonWriter writer, bool mustChange)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("passwordProfile");
        writer.WriteBoolean("forceChangePasswordNextSignIn", mustChange);
        writer.WritePropertyName("password");
    }

    private GraphServiceClient Connect() => new(
        new HttpClient(new Handler(credential) { InnerHandler = target.CreateHandler() }),
        new Authentication(credential),
        new Uri(options.Graph.Url, "v1.0").ToString());

    private sealed class Authentication(EntraCredential credential) : IAuthenticationProvider
    {
        public async Task AuthenticateRequestAsync(RequestInformation request, Dictionary<string, object>? additionalAuthenticationContext = null, CancellationToken cancellationToken = default)
        {
            var (token, obstacle) = await credential.GetTokenAsync(cancellationToken);
            request.Headers.Add("Authorization", $"Bearer {token ?? throw new TokenRefusedException(obstacle!)}");
        }
    }

    /// <summary>Puts the body with the password in the place of the model's, and forgets a token that Graph refuses.</summary>
    private sealed class Handler(EntraCredential credential) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Options.TryGetValue(PasswordBody.Key, out var body)) request.Content = body.Content;
            var response = await base.SendAsync(request, cancellationToken);
            if (response.StatusCode == System.Net.HttpStatusCode.Unauthorized)
            {
                credential.Forget();

                // With the challenge the client would send the request again by itself.
                response.Headers.WwwAuthenticate.Clear();
            }

            return response;
        }
    }

    /// <summary>Carries the body through the client; it keys options by the name of their type.</summary>
    private sealed record PasswordBody(PasswordContent Content) : IRequestOption
    {
        public static readonly HttpRequestOptionsKey<PasswordBody> Key = new(typeof(PasswordBody).FullName!);
    }
}

/// <summary>Carries out of the client why there is no token.</summary>
internal sealed class TokenRefusedException(DeliveryOutcome outcome) : Exception("There is no token.")
{
    public DeliveryOutcome Outcome { get; } = outcome;
}
