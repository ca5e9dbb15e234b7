using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Contract;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Deliveries.Remote;

namespace PasswordSync.Nodes.Tests.Deliveries.Remote;

/// <summary>A node that reaches a target, as far as others ask it for steps of deliveries: the product's end point behind real TLS, and a place where a test comes between.</summary>
internal sealed class AbleNode : IAsyncDisposable
{
    private readonly WebApplication web;
    private readonly X509Certificate2 certificate;

    private AbleNode(WebApplication web, X509Certificate2 certificate, string name, ImmutableSortedSet<string> labels)
    {
        this.web = web;
        this.certificate = certificate;
        Peer = new Peer(name, [.. web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))], labels);
    }

    /// <summary>As other nodes know it.</summary>
    public Peer Peer { get; }

    /// <summary>The steps that it was asked for, in order.</summary>
    public ConcurrentQueue<RemoteStep> Steps { get; } = new();

    /// <summary>Comes between a step and its answer; the last argument does what the node would do.</summary>
    public Func<RemoteStep, HttpContext, Func<Task>, Task> Between { get; set; } = static (_, _, answerAsync) => answerAsync();

    /// <summary>Starts one.</summary>
    /// <param name="name">Its name, and the label that it has beside those given.</param>
    /// <param name="certificate">What it shows; owned by the node.</param>
    /// <param name="root">The authority whose peers it takes for its own.</param>
    /// <param name="providers">The sync points that it carries out.</param>
    /// <param name="envelopes">Opens passwords.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="clock">Its clock.</param>
    /// <param name="loggers">Its log.</param>
    /// <param name="addresses">How many addresses it has.</param>
    public static async Task<AbleNode> StartAsync(
        string name, X509Certificate2 certificate, X509Certificate2 root, IReadOnlyDictionary<string, IProvider> providers, EnvelopeReader envelopes, ImmutableSortedSet<string> labels, TimeProvider clock, ILoggerFactory loggers, int addresses)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            for (var i = 0; i < addresses; i++) kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(Secure));
        });
        var web = builder.Build();
        AbleNode? node = null;
        web.Use(async (context, next) =>
        {
            if (PeerName.TryRead(context.Connection.ClientCertificate!, out var peer)) context.Features.Set(peer);
            context.Request.EnableBuffering();
            var step = (await JsonSerializer.DeserializeAsync(context.Request.Body, RemoteJson.Default.RemoteStep, context.RequestAborted))!;
            context.Request.Body.Position = 0;
            node!.Steps.Enqueue(step);
            await node.Between(step, context, () => next(context));
        });
        new RemoteEndpoint(providers, envelopes, clock, loggers.CreateLogger<RemoteEndpoint>()).Map(web);
        await web.StartAsync();
        return node = new AbleNode(web, certificate, name, labels);

        void Secure(HttpsConnectionAdapterOptions https)
        {
            https.ServerCertificate = certificate;
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.ClientCertificateValidation = (peer, _, _) => PeerTrust.TryIdentify(peer, root, TestNode.Cluster, clock.GetUtcNow(), out _, out _);
        }
    }

    /// <summary>Ends it at once: connections are cut, and nobody listens any more.</summary>
    public async Task DieAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await web.StopAsync(atOnce.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await DieAsync();
        await web.DisposeAsync();
        certificate.Dispose();
    }
}
