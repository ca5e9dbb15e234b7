using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PasswordSync.Lab;

namespace PasswordSync.Chaos.Cluster;

/// <summary>The target: takes webhooks, and keeps for each user every password in the order in which they came.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ImmutableList<int>> received = new(StringComparer.Ordinal);
    private readonly WebApplication web;
    private readonly CancellationTokenSource end = new();
    private volatile TaskCompletionSource? held;
    private volatile TaskCompletionSource? came;

    private Receiver(WebApplication web, string rootsFile)
    {
        this.web = web;
        RootsFile = rootsFile;
    }

    /// <summary>The roots that its certificate is from.</summary>
    public string RootsFile { get; }

    public Uri Address => new(new Uri(web.Urls.First()), "/passwords");

    public static async Task<Receiver> StartAsync(string folder, IPAddress address, CancellationToken cancellationToken)
    {
        var (roots, certificate, key) = (Path.Combine(folder, "target-roots.pem"), Path.Combine(folder, "target.pem"), Path.Combine(folder, "target.key"));
        using (var authority = CertificateAuthority.Create("the target of chaos"))
        {
            authority.Issue(certificate, key, ["localhost"], [address]);
            await File.WriteAllTextAsync(roots, authority.CertificatePem, cancellationToken);
        }

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address, 0, listen => listen.UseHttps(X509Certificate2.CreateFromPemFile(certificate, key))));
        var web = builder.Build();
        var receiver = new Receiver(web, roots);
        web.MapPost("/passwords", (Delegate)receiver.TakeAsync);
        await web.StartAsync(cancellationToken);
        return receiver;
    }

    /// <summary>The versions of the passwords that came for a user, in order.</summary>
    public ImmutableList<int> Of(string user) => received.GetValueOrDefault(user, []);

    /// <summary>The same of all users.</summary>
    public IReadOnlyDictionary<string, ImmutableList<int>> All => received.ToDictionary();

    /// <summary>The version of the password that a user has here; 0 before the first.</summary>
    public int VersionOf(string user) => Of(user) is [.., var last] ? last : 0;

    /// <summary>How many passwords came.</summary>
    public int Count => received.Values.Sum(versions => versions.Count);

    /// <summary>How often a password came after a newer one.</summary>
    public int WentBack => received.Values.Sum(versions => versions.Zip(versions.Skip(1)).Count(pair => pair.Second < pair.First));

    /// <summary>Whether each answer ends its connection.</summary>
    public bool EndsConnections { get; set; }

    /// <summary>From now on passwords are taken and not answered.</summary>
    /// <returns>Ends when one was.</returns>
    public Task Hold()
    {
        held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    /// <summary>Later ones are answered as ever; those that are held stay so, as their senders have gone.</summary>
    public void AnswerAgain() => held = null;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await web.DisposeAsync();
        end.Dispose();
    }

    private async Task<IResult> TakeAsync(HttpContext context)
    {
        // Also of a sender that goes away right after it has sent.
        using var document = await JsonDocument.ParseAsync(context.Request.Body, default, CancellationToken.None);
        if (EndsConnections) context.Response.Headers.Connection = "close";
        if (document.RootElement.GetProperty("event").GetString() != "password.set") return Results.Ok();
        var version = LoadingEdge.VersionOf(document.RootElement.GetProperty("password").GetString()!);
        received.AddOrUpdate(document.RootElement.GetProperty("account").GetString()!, [version], (_, versions) => versions.Add(version));
        if (held is { } hold)
        {
            came!.TrySetResult();
            await hold.Task.WaitAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return Results.NoContent();
    }
}
