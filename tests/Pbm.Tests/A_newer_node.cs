using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Operations;

namespace PasswordSync.Pbm.Tests;

/// <summary>The admin listener of a node that is newer than this client: it has commands, kinds of parameters, kinds of columns and fields that no client of today knows.</summary>
internal sealed class A_newer_node : IAsyncDisposable
{
    private const string Commands =
        """
        {
          "node": "north", "cluster": "main", "version": "9.0.0", "operator": "administrator", "role": "administrator", "colour": "green",
          "commands": [
            {
              "palette": "fleet", "name": "paint", "summary": "Paints the fleet.", "role": "operator", "changes": true, "method": "POST", "streams": false, "columns": [], "since": "9.0",
              "parameters": [
                { "name": "hue", "switch": "-u", "kind": "colour", "summary": "The colour.", "required": true, "repeatable": false, "positional": true, "default": null, "palette": ["red", "green"] },
                { "name": "coats", "switch": "-c", "kind": "number", "summary": "How many coats.", "required": false, "repeatable": false, "positional": false, "default": "1" }
              ],
              "examples": ["fleet paint red -c 2"], "badge": { "icon": "brush" }
            },
            {
              "palette": "fleet", "name": "watch", "summary": "Streams the fleet.", "role": "viewer", "changes": false, "method": "GET", "streams": true,
              "columns": [{ "name": "ship", "title": "ship", "kind": "text" }, { "name": "course", "title": "course", "kind": "bearing", "unit": "degrees" }],
              "parameters": [], "examples": ["fleet watch"]
            }
          ]
        }
        """;

    private const string Painted =
        """
        {
          "mood": "bright",
          "sections": [
            {
              "title": "ships", "noun": "ship|ships", "layout": "wide",
              "columns": [{ "name": "ship", "title": "ship", "kind": "text" }, { "name": "course", "title": "course", "kind": "bearing" }, { "name": "crew", "title": "crew", "kind": "people" }, { "name": "later", "title": "later", "kind": "text" }],
              "rows": [{ "ship": "Vega", "course": 271.5, "crew": ["ada", "bob"], "unheard": 1 }, { "ship": "Lyra", "course": { "from": 1, "to": 2 }, "crew": null }]
            }
          ]
        }
        """;

    private readonly WebApplication web;
    private readonly X509Certificate2 certificate;

    private A_newer_node(WebApplication web, X509Certificate2 certificate)
    {
        this.web = web;
        this.certificate = certificate;
    }

    public string Address => new Uri(web.Urls.Single()).Authority;

    public string Fingerprint => Trust.FingerprintOf(certificate);

    /// <summary>The body of the last change that was asked for.</summary>
    public string Asked { get; private set; } = "";

    public static async Task<A_newer_node> StartAsync(CancellationToken cancellationToken)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=north", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = certificate })));
        var node = new A_newer_node(builder.Build(), certificate);
        node.web.MapGet("/" + CommandList.Path, () => Results.Text(Commands, "application/json"));
        node.web.MapGet($"/{CommandList.OperationsPath}fleet/watch", () => Results.Text("{\"ship\":\"Vega\",\"course\":90,\"wake\":true}\n{\"ship\":\"Lyra\",\"course\":[1,2]}\n", "application/x-ndjson"));
        node.web.MapPost($"/{CommandList.OperationsPath}fleet/paint", async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            node.Asked = await reader.ReadToEndAsync(context.RequestAborted);
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(Painted, context.RequestAborted);
        });
        await node.web.StartAsync(cancellationToken);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await web.DisposeAsync();
        certificate.Dispose();
    }
}
