using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace PasswordSync.Chaos.Cluster;

/// <summary>The target: takes webhooks, and keeps for each user every password in the order in which they came.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ImmutableList<int>> received = new(StringComparer.Ordinal);
    private readonly WebApplication web;

    private Receiver(WebApplication web) => this.web = web;

    public Uri Address => new(new Uri(web.Urls.First()), "/passwords");

    public static async Task<Receiver> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var receiver = new Receiver(web);
        web.MapPost("/passwords", (Delegate)receiver.TakeAsync);
        await web.StartAsync(cancellationToken);
        return receiver;
    }

    /// <summary>The versions of the passwords that came for a user, in order.</summary>
    public ImmutableList<int> Of(string user) => received.GetValueOrDefault(user, []);

    /// <summary>The version of the password that a user has here; 0 before the first.</summary>
    public int VersionOf(string user) => Of(user) is [.., var last] ? last : 0;

    /// <summary>How often a password came after a newer one.</summary>
    public int WentBack => received.Values.Sum(versions => versions.Zip(versions.Skip(1)).Count(pair => pair.Second < pair.First));

    public ValueTask DisposeAsync() => web.DisposeAsync();

    private async Task<IResult> TakeAsync(HttpContext context)
    {
        using var document = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
        if (document.RootElement.GetProperty("event").GetString() != "password.set") return Results.Ok();
        var version = LoadingEdge.VersionOf(document.RootElement.GetProperty("password").GetString()!);
        received.AddOrUpdate(document.RootElement.GetProperty("account").GetString()!, [version], (_, versions) => versions.Add(version));
        return Results.NoContent();
    }
}
