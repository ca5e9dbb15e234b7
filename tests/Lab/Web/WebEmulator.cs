using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PasswordSync.Lab;

/// <summary>A web application on loopback over TLS, with a certificate of its own authority: what the emulators of cloud services have in common.</summary>
public sealed class WebEmulator : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly TemporaryFolder _folder;
    private readonly X509Certificate2 _certificate;

    private WebEmulator(WebApplication application, TemporaryFolder folder, X509Certificate2 certificate, string authorityPem)
    {
        _application = application;
        _folder = folder;
        _certificate = certificate;
        AuthorityFile = folder.PathOf("ca.pem");
        File.WriteAllText(AuthorityFile, authorityPem);
        EndPoint = new IPEndPoint(IPAddress.Loopback, new Uri(application.Urls.Single()).Port);
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>The root certificate to trust, a PEM file.</summary>
    public string AuthorityFile { get; }

    /// <summary>Starts an application at a port of the system's choice.</summary>
    /// <param name="configure">Adds its middleware and its routes.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<WebEmulator> StartAsync(Action<WebApplication> configure, CancellationToken cancellationToken)
    {
        var folder = TemporaryFolder.Create("web");
        using var authority = CertificateAuthority.Create("emulator");
        authority.Issue(folder.PathOf("server.pem"), folder.PathOf("server.key"), ["localhost"], [IPAddress.Loopback]);
        var certificate = X509Certificate2.CreateFromPemFile(folder.PathOf("server.pem"), folder.PathOf("server.key"));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(certificate);
            }));
        builder.Logging.ClearProviders();
        var application = builder.Build();
        configure(application);
        await application.StartAsync(cancellationToken);
        return new WebEmulator(application, folder, certificate, authority.CertificatePem);
    }

    public async ValueTask DisposeAsync()
    {
        using (var atOnce = new CancellationTokenSource())
        {
            await atOnce.CancelAsync();
            await _application.StopAsync(atOnce.Token);
        }

        await _application.DisposeAsync();
        _certificate.Dispose();
        _folder.Dispose();
    }
}
