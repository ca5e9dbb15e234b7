using System.Net.Http.Headers;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;
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
    private readonly HttpTarget target;

    public WebhookProvider(WebhookOptions options, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        this.context = context;
        target = new HttpTarget(options.Http);
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
        using var body = WebhookBodies.Set(context.Point.Value, request, password);
        return await PostAsync(body, request.CaptureId.ToString(), request.Permit, text => Redactor.Redact(text, password), cancellationToken);
    }

    /// <summary>Never conclusive: sending again is harmless, since the receiver tells repeats.</summary>
    public Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken) =>
        Task.FromResult<ProbeVerdict>(new ProbeVerdict.Inconclusive("A webhook cannot be asked; it is sent again under the same idempotency key."));

    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken)
    {
        using var body = WebhookBodies.Ping(context.Point.Value);
        var outcome = await PostAsync(body, Guid.NewGuid().ToString("N"), permit: null, Redactor.Tidy, cancellationToken);
        return new VerificationReport(
        [
            outcome.IsSuccess
                ? VerificationCheck.Passed("ping", $"{options.Http.Url} answered a signed ping.")
                : VerificationCheck.Failed("ping", outcome.Explain()!, "Check url, signingKey and trustedRoots; the receiver must answer a signed ping with 2xx."),
            VerificationCheck.NotRun("rights", "A ping holds no password: whether the receiver may set one shows when one is sent.", "See the first deliveries."),
        ]);
    }

    public ValueTask DisposeAsync()
    {
        target.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<DeliveryOutcome> PostAsync(PasswordJson body, string idempotencyKey, WritePermit? permit, Func<string, string> redact, CancellationToken cancellationToken)
    {
        var (signature, fault) = await SignAsync(body, cancellationToken);
        if (fault is not null) return new DeliveryOutcome.TargetMisconfigured(fault);
        using var message = new HttpRequestMessage(HttpMethod.Post, options.Http.Url) { Content = new PasswordContent(body, permit) };
        message.Headers.Add(WebhookSignature.HeaderName, signature);
        message.Headers.Add(IdempotencyHeaderName, idempotencyKey);
        message.Headers.UserAgent.Add(new ProductInfoHeaderValue("PasswordSync", null));
        var (answer, obstacle) = await target.SendAsync(message, permit, AnswerLengthMax, cancellationToken);
        return answer is null ? obstacle! : WebhookResponses.Classify(answer, permit, context.Time.GetUtcNow(), answer.IsSuccess ? "" : redact(answer.Text));
    }

    /// <summary>The signature header's value, made with each key at the same time.</summary>
    private async Task<(string? Signature, string? Fault)> SignAsync(PasswordJson body, CancellationToken cancellationToken)
    {
        var now = context.Time.GetUtcNow();
        var signature = WebhookSignature.TimeOf(now);
        foreach (var (name, reference) in new[] { ("signingKey", options.SigningKey), ("formerSigningKey", options.FormerSigningKey) })
        {
            if (reference is null) continue;
            var (part, fault) = await SignAsync(name, reference, body, now, cancellationToken);
            if (fault is not null) return (null, fault);
            signature = $"{signature},{part}";
        }

        return (signature, null);
    }

    private async Task<(string? Part, string? Fault)> SignAsync(string name, string reference, PasswordJson body, DateTimeOffset now, CancellationToken cancellationToken)
    {
        switch (await context.Secrets.ResolveAsync(reference, cancellationToken))
        {
            case SecretResolution.Resolved resolved:
                using (resolved.Secret)
                {
                    return resolved.Secret.WithUtf8<(string?, string?)>(key => key.Length < SigningKeyLengthMin
                        ? (null, $"The signing key ({name}) has fewer than {SigningKeyLengthMin} bytes.")
                        : (WebhookSignature.PartOf(key.Span, body.Bytes.Span, now), null));
                }

            case SecretResolution.Refused refused:
                return (null, $"The signing key ({name}) cannot be had. {refused.Reason}");
            case var unknown:
                throw new InvalidOperationException($"Internal error: unknown resolution {unknown.GetType().Name}.");
        }
    }
}
