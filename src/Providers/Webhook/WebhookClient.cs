using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Providers.Webhook;

/// <summary>The HTTP client of one webhook: no redirections, no proxy, no cookies; only the roots that the settings name.</summary>
internal sealed class WebhookClient : IDisposable
{
    private readonly HttpMessageInvoker invoker;
    private volatile string? lastCertificateFault;

    /// <param name="options">The settings.</param>
    /// <param name="roots">The only roots to trust; null for the system's. The client owns them.</param>
    public WebhookClient(WebhookOptions options, X509Certificate2Collection? roots)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 16,
        };
        if (roots is not null)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }

        handler.SslOptions.RemoteCertificateValidationCallback = Check;
        invoker = new HttpMessageInvoker(handler);
    }

    /// <summary>What was wrong with the last certificate that was refused; null if none was.</summary>
    public string? LastCertificateFault => lastCertificateFault;

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => invoker.SendAsync(request, cancellationToken);

    public void Dispose() => invoker.Dispose();

    private bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None) return true;
        var statuses = chain is null ? "" : string.Join(", ", chain.ChainStatus.Select(status => status.Status.ToString()).Distinct());
        lastCertificateFault = $"The certificate of '{certificate?.Subject}', issued by '{certificate?.Issuer}', is refused: {errors}{(statuses.Length > 0 ? $" ({statuses})" : "")}.";
        return false;
    }
}
