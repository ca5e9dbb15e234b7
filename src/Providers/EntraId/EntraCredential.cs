using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Microsoft.Identity.Client;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Redaction;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.EntraId;

/// <summary>
/// Gets tokens as the application itself, by its secret or its certificate, and keeps each until shortly before it ends. The secret is read
/// again after a token was refused, so that one that was replaced is seen.
/// </summary>
internal sealed class EntraCredential(EntraIdOptions options, ISecretReferences secrets, TimeProvider time) : IDisposable
{
    private readonly HttpTarget authority = new(options.Authority);
    private readonly SemaphoreSlim making = new(1);
    private HttpClient? client;
    private X509Certificate2? certificate;
    private volatile TokenCredential? credential;

    /// <returns>The token, or why there is none.</returns>
    public async Task<(string? Token, DeliveryOutcome? Obstacle)> GetTokenAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (current, fault) = await CredentialAsync(cancellationToken);
            if (current is null) return (null, new DeliveryOutcome.TargetMisconfigured(fault!));
            var scope = new Uri(options.Graph.Url, ".default").ToString();
            return ((await current.GetTokenAsync(new TokenRequestContext([scope]), cancellationToken)).Token, null);
        }
        catch (AuthenticationFailedException e)
        {
            Forget();
            return (null, Explain(e));
        }
        catch (TrustedRootsException e)
        {
            return (null, new DeliveryOutcome.TargetMisconfigured(e.Message));
        }
        catch (CryptographicException e)
        {
            return (null, new DeliveryOutcome.TargetMisconfigured($"The certificate (clientCertificate) cannot be used ({e.GetType().Name})."));
        }
    }

    /// <summary>Drops the token and the credential: the next call reads the secret anew.</summary>
    public void Forget() => credential = null;

    public void Dispose()
    {
        client?.Dispose();
        certificate?.Dispose();
        authority.Dispose();
        making.Dispose();
    }

    private async Task<(TokenCredential? Credential, string? Fault)> CredentialAsync(CancellationToken cancellationToken)
    {
        if (credential is { } known) return (known, null);
        await making.WaitAsync(cancellationToken);
        try
        {
            if (credential is { } made) return (made, null);
            var (name, reference) = options.ClientSecret is { } secret ? ("clientSecret", secret) : ("clientCertificate", options.ClientCertificate!);
            switch (await secrets.ResolveAsync(reference, cancellationToken))
            {
                case SecretResolution.Resolved resolved:
                    using (resolved.Secret) credential = Make(resolved.Secret);
                    return (credential, null);
                case SecretResolution.Refused refused:
                    return (null, $"The application's credential ({name}) cannot be had. {refused.Reason}");
                case var unknown:
                    throw new InvalidOperationException($"Internal error: unknown resolution {unknown.GetType().Name}.");
            }
        }
        finally
        {
            making.Release();
        }
    }

    private TokenCredential Make(Secret secret)
    {
        client ??= new HttpClient(authority.CreateHandler());
        if (options.ClientSecret is not null)
        {
            // The library takes a string only: docs/security.md.
            return new ClientSecretCredential(options.Tenant, options.ClientId, secret.Reveal().ToString(), Prepared(new ClientSecretCredentialOptions { DisableInstanceDiscovery = true }));
        }

        certificate?.Dispose();
        certificate = X509Certificate2.CreateFromPem(secret.Reveal(), secret.Reveal());
        return new ClientCertificateCredential(options.Tenant, options.ClientId, certificate, Prepared(new ClientCertificateCredentialOptions { DisableInstanceDiscovery = true }));
    }

    /// <summary>No instance discovery: it asks another host, which no allow-list names. No retries: deliveries have their own.</summary>
    private TOptions Prepared<TOptions>(TOptions of)
        where TOptions : TokenCredentialOptions
    {
        of.AuthorityHost = options.Authority.Url;
        of.Transport = new HttpClientTransport(client!);
        of.Retry.MaxRetries = 0;
        of.Diagnostics.IsLoggingEnabled = false;
        return of;
    }

    private DeliveryOutcome Explain(AuthenticationFailedException failure)
    {
        for (Exception? e = failure; e is not null; e = e.InnerException)
        {
            if (e is HttpRequestException or IOException && authority.Explain(e, permit: null) is { } outcome) return outcome;
            if (e is MsalServiceException service)
            {
                var said = Redactor.Tidy(string.Create(CultureInfo.InvariantCulture, $"{options.Authority.Server} refused a token with {service.StatusCode} {service.ErrorCode}: {service.Message}"));
                return service.StatusCode is 429 or >= 500
                    ? HttpOutcomes.OfStatus(service.StatusCode, RetryAfter.Of(service.Headers?.RetryAfter), permit: null, time.GetUtcNow(), said)
                    : new DeliveryOutcome.TargetMisconfigured($"{said} Check tenant, clientId and the application's secret or certificate.");
            }
        }

        return new DeliveryOutcome.TargetMisconfigured(Redactor.Tidy($"No token can be had: {failure.Message}"));
    }
}
