using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Http;

/// <summary>The HTTP client of one target: no redirections, no cookies; only the proxy and the roots that the settings name. Connects when first asked.</summary>
internal sealed class HttpTarget : IDisposable
{
    private readonly HttpTargetOptions options;
    private readonly Lazy<HttpMessageInvoker> invoker;
    private volatile string? lastCertificateFault;

    public HttpTarget(HttpTargetOptions options)
    {
        this.options = options;
        invoker = new Lazy<HttpMessageInvoker>(() => new HttpMessageInvoker(CreateHandler()), LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>Sends a request and reads the beginning of the answer.</summary>
    /// <param name="message">The request; stays the caller's.</param>
    /// <param name="permit">The permit of a write, which the request's content uses; null for a request that changes nothing.</param>
    /// <param name="bodyLengthMax">How much of the answer's body is read, in bytes; the rest is left.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The answer, or what having none means.</returns>
    public async Task<(HttpAnswer? Answer, DeliveryOutcome? Obstacle)> SendAsync(HttpRequestMessage message, WritePermit? permit, int bodyLengthMax, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await invoker.Value.SendAsync(message, cancellationToken);
            return (await HttpAnswer.ReadAsync(response, bodyLengthMax, isWrite: permit is not null, cancellationToken), null);
        }
        catch (Exception e) when (Explain(e, permit) is { } outcome)
        {
            return (null, outcome);
        }
    }

    /// <summary>What an exception of the HTTP client means; null if it is none of those that are expected.</summary>
    public DeliveryOutcome? Explain(Exception exception, WritePermit? permit) => exception switch
    {
        WriteRefusedException refused => refused.Outcome,
        HttpRequestException { InnerException: WriteRefusedException refused } => refused.Outcome,
        HttpRequestException e when permit is { IsUsed: true } => new DeliveryOutcome.Unknown($"The connection failed ({e.HttpRequestError}) after the password may have been sent."),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: System.Security.Authentication.AuthenticationException } =>
            new DeliveryOutcome.TargetMisconfigured($"{lastCertificateFault ?? "The TLS handshake failed."} Check the address of {options.Server} and trustedRoots."),
        HttpRequestException e => new DeliveryOutcome.Transient($"{options.Server} cannot be reached ({e.HttpRequestError})."),
        TrustedRootsException => new DeliveryOutcome.TargetMisconfigured(exception.Message),
        IOException when permit is { IsUsed: true } => new DeliveryOutcome.Unknown("The answer broke off after the password may have been sent."),
        IOException => new DeliveryOutcome.Transient($"{options.Server} broke off its answer."),
        _ => null,
    };

    public void Dispose()
    {
        if (invoker.IsValueCreated) invoker.Value.Dispose();
    }

    /// <summary>For libraries that bring a client of their own.</summary>
    /// <exception cref="TrustedRootsException">The file of trusted roots cannot be read, or holds no certificates.</exception>
    public SocketsHttpHandler CreateHandler()
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = options.Proxy is not null,
            Proxy = options.Proxy is null ? null : new WebProxy(options.Proxy),
            UseCookies = false,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 16,
        };
        if (options.TrustedRoots is not null)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            Import(handler.SslOptions.CertificateChainPolicy.CustomTrustStore, options.TrustedRoots);
        }

        handler.SslOptions.RemoteCertificateValidationCallback = Check;
        return handler;
    }

    private static void Import(X509Certificate2Collection store, string file)
    {
        try
        {
            store.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new TrustedRootsException($"The file of trusted roots (trustedRoots) {file} cannot be read ({e.GetType().Name}).", e);
        }
    }

    private bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None) return true;
        var statuses = chain is null ? "" : string.Join(", ", chain.ChainStatus.Select(status => status.Status.ToString()).Distinct());
        lastCertificateFault = $"The certificate of '{certificate?.Subject}', issued by '{certificate?.Issuer}', is refused: {errors}{(statuses.Length > 0 ? $" ({statuses})" : "")}.";
        return false;
    }
}

/// <summary>The roots that the settings name cannot be had.</summary>
/// <param name="message">Why, for people.</param>
/// <param name="cause">What reading the file brought.</param>
internal sealed class TrustedRootsException(string message, Exception cause) : Exception(message, cause);
