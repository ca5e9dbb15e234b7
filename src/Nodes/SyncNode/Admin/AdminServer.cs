using System.Collections.Immutable;
using System.Globalization;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using PasswordSync.SyncNode.Operations;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Admin;

/// <summary>The listener for operators: HTTPS only, nobody unknown gets further than the door. A listener of its own, so that the edges' never serves it.</summary>
internal sealed class AdminServer : IAsyncDisposable
{
    /// <summary>How many connections are served at once.</summary>
    private const int ConnectionsMax = 100;

    private readonly WebApplication web;

    private AdminServer(WebApplication web, ImmutableArray<Uri> addresses)
    {
        this.web = web;
        Addresses = addresses;
    }

    /// <summary>Where it listens.</summary>
    public ImmutableArray<Uri> Addresses { get; }

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">An address is taken.</exception>
    public static async Task<AdminServer> StartAsync(
        IEnumerable<string> listen, X509Certificate2 certificate, OperatorAuthentication authentication, OperationsLayer layer, HealthEndpoints health, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(loggers);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, listen, certificate));
        var web = builder.Build();
        try
        {
            web.Use((context, next) => AuthenticateAsync(context, authentication, next));
            new OperationEndpoints(layer, loggers.CreateLogger<OperationEndpoints>()).Map(web);
            health.Map(web);
            web.MapFallback(context => Problem.WriteAsync(context, StatusCodes.Status404NotFound, "not-found", "There is no such path.", $"See /{OpenApiDocument.Path} for what there is."));
            await web.StartAsync(cancellationToken).ConfigureAwait(false);
            return new AdminServer(web, [.. web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))]);
        }
        catch
        {
            await web.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await web.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await web.DisposeAsync().ConfigureAwait(false);
    }

    private static void Configure(KestrelServerOptions kestrel, IEnumerable<string> listen, X509Certificate2 certificate)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
        kestrel.Limits.MaxRequestBodySize = RequestReader.BytesMax;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 100, gracePeriod: TimeSpan.FromSeconds(10));
        kestrel.ConfigureHttpsDefaults(https =>
        {
            https.ServerCertificate = certificate;
            https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        });
        foreach (var text in listen)
        {
            if (ListenAddress.TryParse(text, out var address)) kestrel.Listen(address!.Address, address.Port, options => options.UseHttps());
        }
    }

    private static async Task AuthenticateAsync(HttpContext context, OperatorAuthentication authentication, Func<Task> next)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        switch (await authentication.AuthenticateAsync(context.Connection.RemoteIpAddress, context.Request.Headers.Authorization, context.RequestAborted).ConfigureAwait(false))
        {
            case OperatorAuthentication.Verdict.Known known:
                context.Features.Set(known.Operator);
                await next().ConfigureAwait(false);
                break;
            case OperatorAuthentication.Verdict.LockedOut locked:
                var seconds = (int)Math.Ceiling(locked.Wait.TotalSeconds);
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
                await Problem.WriteAsync(context, StatusCodes.Status429TooManyRequests, "locked-out", "Too many failed sign-ins.", $"Too many sign-ins from this address failed: wait {seconds} s.").ConfigureAwait(false);
                break;
            case var verdict:
                context.Response.Headers.WWWAuthenticate = "Bearer";
                await Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, "unauthorized", "Who are you?", verdict is OperatorAuthentication.Verdict.Missing
                    ? "Send an operator's token: Authorization: Bearer TOKEN." : "The token is nobody's: it is mistyped, was revoked, or belongs to another cluster.").ConfigureAwait(false);
                break;
        }
    }
}
