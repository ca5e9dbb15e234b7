using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Redaction;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Webhook;

/// <summary>
/// Posts signed requests that hold the password to an end point of the operator's own. The receiver tells repeats by the header
/// <c>Idempotency-Key</c>, so a request with unknown outcome is simply sent again. The protocol is in <c>docs/providers/webhook.md</c>.
/// </summary>
public sealed class WebhookProvider : IProvider
{
    /// <summary>The header with the change's id.</summary>
    public const string IdempotencyHeaderName = "Idempotency-Key";

    /// <summary>How much of an answer's body is read, in bytes.</summary>
    private const int AnswerLengthMax = 2_048;

    private const int SigningKeyLengthMin = 16;
    private const int PasswordLengthMax = 256;

    private readonly WebhookOptions options;
    private readonly ProviderContext context;
    private readonly Lazy<WebhookClient> client;

    public WebhookProvider(WebhookOptions options, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        this.context = context;
        client = new Lazy<WebhookClient>(() => new WebhookClient(options, LoadRoots(options.TrustedRoots)), LazyThreadSafetyMode.PublicationOnly);
        Description = new ProviderDescription(
            WebhookProviderFactory.KindName,
            new PasswordLimits(options.PasswordLengthMin, PasswordLengthMax, NeedsWellFormedText: true, AllowedCharacters: null, HistoryLength: null),
            ShowsMark: false, CanProbeBySignIn: false, ReportsWrittenStamp: false);
    }

    public ProviderDescription Description { get; }

    /// <summary>Takes the name from the source; the receiver is not asked.</summary>
    public Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        var name = new MatchRule(options.Account, "account").ValueOf(query);
        return Task.FromResult<Preparation>(name is null
            ? new Preparation.Obstacle(new DeliveryOutcome.AccountNotFound($"The source's account has no {MatchRule.NameOf(options.Account)}, which this webhook sends (account)."))
            : new Preparation.Found(new TargetAccount(name, name, AsSourceAccount: null), Mark: null));
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } refusal) return refusal;
        using var body = WebhookBody.Set(context.Point.Value, request, password);
        return await PostAsync(body, request.CaptureId.ToString(), request.Permit, text => Redactor.Redact(text, password), cancellationToken);
    }

    /// <summary>Never conclusive: sending again is harmless, since the receiver tells repeats.</summary>
    public Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken) =>
        Task.FromResult<ProbeVerdict>(new ProbeVerdict.Inconclusive("A webhook cannot be asked; it is sent again under the same idempotency key."));

    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken)
    {
        using var body = WebhookBody.Ping(context.Point.Value);
        var outcome = await PostAsync(body, Guid.NewGuid().ToString("N"), permit: null, text => text, cancellationToken);
        return new VerificationReport([outcome.IsSuccess
            ? VerificationCheck.Passed("ping", $"{options.Url} answered a signed ping.")
            : VerificationCheck.Failed("ping", outcome.Explain()!, "Check url, signingKey and trustedRoots; the receiver must answer a signed ping with 2xx.")]);
    }

    public ValueTask DisposeAsync()
    {
        if (client.IsValueCreated) client.Value.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<DeliveryOutcome> PostAsync(WebhookBody body, string idempotencyKey, WritePermit? permit, Func<string, string> redact, CancellationToken cancellationToken)
    {
        var (signature, fault) = await SignAsync(body, cancellationToken);
        if (fault is not null) return new DeliveryOutcome.TargetMisconfigured(fault);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, options.Url) { Content = new GuardedContent(body, permit) };
            message.Headers.Add(WebhookSignature.HeaderName, signature);
            message.Headers.Add(IdempotencyHeaderName, idempotencyKey);
            message.Headers.UserAgent.Add(new ProductInfoHeaderValue("PasswordSync", null));
            using var response = await client.Value.SendAsync(message, cancellationToken);
            return WebhookResponses.Classify(response, response.IsSuccessStatusCode ? "" : redact(await ReadAnswerAsync(response, cancellationToken)), context.Time.GetUtcNow());
        }
        catch (HttpRequestException e) when (e.InnerException is WriteRefusedException refused)
        {
            return refused.Outcome;
        }
        catch (WriteRefusedException refused)
        {
            return refused.Outcome;
        }
        catch (HttpRequestException e) when (permit is { IsUsed: true })
        {
            return new DeliveryOutcome.Unknown($"The connection failed ({e.HttpRequestError}) after the password may have been sent.");
        }
        catch (HttpRequestException e)
        {
            return e.HttpRequestError == HttpRequestError.SecureConnectionError && e.InnerException is AuthenticationException
                ? new DeliveryOutcome.TargetMisconfigured($"{client.Value.LastCertificateFault ?? "The TLS handshake failed."} Check url and trustedRoots.")
                : new DeliveryOutcome.Transient($"The receiver at {options.Url.Host}:{options.Url.Port} cannot be reached ({e.HttpRequestError}).");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException && permit is not { IsUsed: true })
        {
            return new DeliveryOutcome.TargetMisconfigured($"The file of trusted roots (trustedRoots) {options.TrustedRoots} cannot be read ({e.GetType().Name}).");
        }
    }

    private async Task<(string? Signature, string? Fault)> SignAsync(WebhookBody body, CancellationToken cancellationToken)
    {
        switch (await context.Secrets.ResolveAsync(options.SigningKey, cancellationToken))
        {
            case SecretResolution.Resolved resolved:
                using (resolved.Secret)
                {
                    return resolved.Secret.WithUtf8<(string?, string?)>(key => key.Length < SigningKeyLengthMin
                        ? (null, $"The signing key (signingKey) has fewer than {SigningKeyLengthMin} bytes.")
                        : (WebhookSignature.Sign(key.Span, body.Bytes.Span, context.Time.GetUtcNow()), null));
                }

            case SecretResolution.Refused refused:
                return (null, $"The signing key (signingKey) cannot be had. {refused.Reason}");
            case var unknown:
                throw new InvalidOperationException($"Internal error: unknown resolution {unknown.GetType().Name}.");
        }
    }

    /// <summary>An answer that breaks off has still been given: its status counts.</summary>
    private static async Task<string> ReadAnswerAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var bytes = new byte[AnswerLengthMax];
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            return Encoding.UTF8.GetString(bytes, 0, await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken));
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            return "";
        }
    }

    private static X509Certificate2Collection? LoadRoots(string? path)
    {
        if (path is null) return null;
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(path);
        return roots;
    }
}
